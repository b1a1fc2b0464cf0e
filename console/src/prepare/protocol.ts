// Which protocol: cards with the phases in proportion to their length.
import { h } from "../dom";
import type { Context } from "../screen";
import type { PhaseFacts, ProtocolFacts } from "../types";
import { inLanguage, signal, span, t } from "../words";
import type { Draft } from "./draft";

export function protocolFields(context: Context, draft: Draft, changed: () => void): HTMLElement {
  const choose = (name: string): void => {
    draft.protocol = name;
    changed();
  };
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", { class: "hidden-text" }, t("prepare.protocol.legend")),
    context.desk.protocols.map((protocol) => card(protocol, draft.protocol === protocol.name, choose)),
  );
}

function card(protocol: ProtocolFacts, chosen: boolean, choose: (name: string) => void): HTMLElement {
  const input = h("input", {
    type: "radio",
    name: "protocol",
    value: protocol.name,
    checked: chosen,
    on: { change: () => choose(protocol.name) },
  });
  const open = protocol.phases.some((phase) => phase.length_s === null);
  const planned = span(protocol.planned_s);
  return h(
    "label",
    { class: "choice" },
    input,
    h(
      "span",
      { class: "choice-body" },
      h(
        "span",
        { class: "spread" },
        h("strong", {}, inLanguage(protocol.title)),
        h("span", { class: "quiet" }, open ? t("prepare.protocol.open", { planned }) : planned),
      ),
      phaseBar(protocol.phases),
      h(
        "span",
        { class: "quiet small" },
        t("prepare.protocol.needs", { signals: protocol.streams.map(signal).join(", ") || t("prepare.protocol.nothing") }),
      ),
    ),
  );
}

const OPEN_AS_S = 300; // how wide a phase without a length is drawn

export function phaseBar(phases: PhaseFacts[]): HTMLElement {
  return h(
    "span",
    { class: "plan-bar" },
    phases.map((phase) => {
      const length = phase.length_s === null ? t("prepare.protocol.until") : span(phase.length_s);
      const kind = phase.enrols ? " plan-enrols" : phase.length_s === null ? " plan-open" : "";
      const label = `${inLanguage(phase.title)} · ${length}`;
      return h(
        "span",
        { class: `plan-piece${kind}`, title: label, style: { "flex-grow": String(phase.length_s ?? OPEN_AS_S) } },
        h("span", { class: "plan-name" }, inLanguage(phase.title)),
        h("span", { class: "plan-length" }, length),
      );
    }),
  );
}
