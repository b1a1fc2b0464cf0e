// A returning participant's rest may be reused.
import { fill, h, show } from "../dom";
import type { Context } from "../screen";
import { moment, t } from "../words";
import { protocolOf, type Draft } from "./draft";

export interface RestFields {
  element: HTMLElement;
  refresh(): void;
}

export function restFields(context: Context, draft: Draft, changed: () => void): RestFields {
  const choices = h("div", { class: "choices" });
  const element = h("fieldset", {}, h("legend", {}, t("prepare.rest.legend")), choices);
  let shown = "";

  const choice = (from: string, title: string, note: string): HTMLElement => {
    const input = h("input", { type: "radio", name: "rest", value: from, checked: draft.rest_from === from });
    input.addEventListener("change", () => {
      draft.rest_from = from;
      changed();
    });
    const body = h("span", { class: "choice-body" }, h("strong", {}, title), h("span", { class: "quiet small" }, note));
    return h("label", { class: "choice" }, input, body);
  };
  const refresh = (): void => {
    const enrols = protocolOf(draft, context.desk)?.enrols ?? false;
    const earlier = context.desk.sessions.filter((s) => draft.code && s.participant === draft.code && s.has_enrolment);
    const key = [enrols, draft.code, ...earlier.map((s) => s.name)].join(" ");
    if (key === shown) return;
    shown = key;
    if (!earlier.some((s) => s.name === draft.rest_from)) draft.rest_from = "";
    show(element, earlier.length > 0);
    fill(
      choices,
      choice("", t(enrols ? "prepare.rest.now" : "prepare.rest.none"), t(enrols ? "prepare.rest.now_note" : "prepare.rest.none_note")),
      earlier.map((s) => choice(s.name, t("prepare.rest.reuse", { date: moment(s.started) }), t("prepare.rest.reuse_note", { protocol: s.protocol }))),
    );
  };
  refresh();
  return { element, refresh };
}
