// The list of recordings, and what can be done with each.
import { api } from "../api";
import { button, openDialog } from "../ask";
import { exporter } from "../close/exports";
import { account, checksums, verdict } from "../close/result";
import "../close/close.css";
import { fill, h, keyedList, setText, type Child, type Row } from "../dom";
import type { Context } from "../screen";
import type { SessionFacts } from "../types";
import { bytes, day, has, moment, signal, span, t } from "../words";
import { isRecovered, protocolTitle } from "./facts";

const COLUMNS = ["participant", "protocol", "when", "length", "state", "keep"];

export interface Table {
  element: HTMLElement;
  update(sessions: SessionFacts[]): void;
}

export function recordingsTable(context: Context): Table {
  const body = h("tbody");
  const heads = COLUMNS.map((key) => h("th", { scope: "col" }, t(`recordings.${key}`)));
  const acts = h("th", { scope: "col" }, h("span", { class: "hidden-text" }, t("recordings.acts")));
  const draw = keyedList<SessionFacts>(
    body,
    (facts) => facts.name,
    () => row(context),
  );
  const table = h("table", { class: "recordings" }, h("thead", {}, h("tr", {}, heads, acts)), body);
  return {
    element: h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "group", "aria-labelledby": "all-title" },
      table,
    ),
    update: draw,
  };
}

function row(context: Context): Row<SessionFacts> {
  const name = h("th", { scope: "row" });
  const cells = COLUMNS.slice(1).map(() => h("td"));
  const acts = h("td", { class: "recordings-acts" });
  let drawn = "";
  const update = (facts: SessionFacts): void => {
    const key = JSON.stringify(facts);
    if (key === drawn) return;
    drawn = key;
    setText(name, facts.participant || t("recordings.unknown"));
    const length = [
      facts.length_s === null ? "–" : span(facts.length_s),
      h("span", { class: "quiet small size" }, bytes(facts.bytes)),
    ];
    const told: Child[] = [
      protocolTitle(context, facts.protocol),
      moment(facts.started),
      length,
      state(facts),
      keep(facts),
    ];
    told.forEach((child, i) => fill(cells[i] as HTMLElement, child));
    fill(acts, h("div", { class: "acts" }, actsOf(context, facts)));
  };
  return { element: h("tr", {}, name, cells, acts), update };
}

function state(facts: SessionFacts): Child {
  const code = codeOf(facts);
  const badge = h(
    "span",
    { class: `badge badge-state badge-${LOOKS[code]}` },
    t(`recordings.state.${code}`, { name: facts.recovered_as }),
  );
  const sealed =
    facts.sealed &&
    h("span", { class: "badge", title: t("recordings.sealed_note") }, t("recordings.state.sealed"));
  return h("div", { class: "row" }, badge, sealed);
}

const LOOKS = { recording: "bad", cut: "synthetic", rescued: "synthetic", recovered: "recovered", closed: "good" };

function codeOf(facts: SessionFacts): keyof typeof LOOKS {
  if (facts.recording) return "recording";
  if (facts.recovered_as) return "rescued";
  if (!facts.closed) return "cut";
  return isRecovered(facts) ? "recovered" : "closed";
}

function keep(facts: SessionFacts): Child {
  if (!facts.erase_on) return h("span", { class: "quiet" }, t("recordings.keep_open"));
  const past = facts.erase_on < new Date().toISOString().slice(0, 10);
  return past
    ? [
        day(facts.erase_on),
        h("p", { class: "past" }, h("span", { "aria-hidden": "true" }, "⚠ "), t("recordings.past")),
      ]
    : day(facts.erase_on);
}

function actsOf(context: Context, facts: SessionFacts): Child[] {
  if (facts.recording || !facts.closed) return [];
  const about = `${facts.participant}, ${moment(facts.started)}`;
  const small = (label: string, press: () => void): HTMLElement => {
    const made = button({ label, press });
    made.classList.add("button-small");
    made.setAttribute("aria-label", `${label}: ${about}`);
    return made;
  };
  const href = api.reportUrl(facts.name);
  const report = h(
    "a",
    {
      class: "button button-small button-link",
      href,
      target: "_blank",
      rel: "noopener",
      "aria-label": `${t("recordings.report")}: ${about}`,
    },
    t("recordings.report"),
  );
  if (context.role !== "operator") return [report];
  return [
    report,
    small(t("recordings.verify"), () => void verify(context, facts)),
    small(t("recordings.export"), () => exports(context, facts)),
  ];
}

async function verify(context: Context, facts: SessionFacts): Promise<void> {
  const body = h(
    "div",
    { class: "stack", role: "status" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    " ",
    t("recordings.verifying"),
  );
  const dialog = wide(t("recordings.verify_title", { participant: facts.participant }), body);
  const found = await context.attempt(() => api.verify(facts.name));
  if (!found) return dialog.close();
  fill(
    body,
    verdict(found, nameIn),
    account(found, nameIn),
    checksums(found),
  );
}

// Identifiers of streams end with their kind: "wearable.eda".
function nameIn(stream_id: string): string {
  const [device, kind] = stream_id.split(/\.(?=[^.]*$)/);
  return kind && has(`signal.${kind}`) ? `${signal(kind)} · ${device}` : stream_id;
}

function exports(context: Context, facts: SessionFacts): void {
  wide(t("recordings.export_title", { participant: facts.participant }), exporter(context, facts));
}

function wide(title: string, body: Child) {
  const dialog = openDialog(
    title,
    [body],
    [{ label: t("recordings.done"), kind: "primary", press: () => dialog.close() }],
  );
  dialog.element.classList.add("dialog-wide");
  return dialog;
}
