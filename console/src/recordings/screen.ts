// Every recording there is: those that were cut off first, to be recovered; then all, newest first.
import { api } from "../api";
import { button } from "../ask";
import { fill, h, keyedList, setText, show, type Row } from "../dom";
import { notifyDone } from "../notice";
import { page, type Context, type Screen } from "../screen";
import type { SessionFacts } from "../types";
import { bytes, moment, span, t } from "../words";
import { isCutOff, protocolTitle } from "./facts";
import { recordingsTable } from "./table";
import "./recordings.css";

const AGAIN_MS = 5000;

export function recordingsScreen(context: Context): Screen {
  const operator = context.role === "operator";
  const table = recordingsTable(context);
  const cards = h("div", { class: "stack" });
  const filter = h("input", { id: "filter", type: "search", autocomplete: "off", spellcheck: "false" });
  const count = h("p", { class: "quiet", role: "status" });
  const none = h("p", { class: "empty" });
  const search = h(
    "div",
    { class: "row" },
    h("label", { for: "filter", class: "quiet" }, t("recordings.filter")),
    filter,
  );
  const list = h(
    "section",
    { class: "card", "aria-labelledby": "all-title" },
    h("div", { class: "spread" }, h("h2", { id: "all-title" }, t("recordings.all")), search),
    count,
    table.element,
    none,
  );
  const drawCards = keyedList<SessionFacts>(
    cards,
    (facts) => facts.name,
    (facts) => cutOff(facts),
  );
  let sessions = context.desk.sessions;

  function draw(): void {
    const cut = sessions.filter((facts) => isCutOff(facts) && operator);
    drawCards(cut);
    const wanted = filter.value.trim().toLowerCase();
    const shown = sessions.filter((facts) => facts.participant.toLowerCase().includes(wanted));
    table.update(shown);
    show(table.element, shown.length > 0);
    setText(count, wanted ? t("recordings.count", { n: shown.length, all: sessions.length }) : "");
    show(count, wanted !== "");
    setText(none, t(sessions.length ? "recordings.no_match" : "recordings.empty"));
    show(none, shown.length === 0);
    show(search, sessions.length > 0);
  }

  function cutOff(first: SessionFacts): Row<SessionFacts> {
    const told = h("span", { class: "quiet", role: "status" });
    const recover = button({ label: t("recordings.recover"), kind: "primary", press: () => void work() });
    const work = async (): Promise<void> => {
      recover.disabled = true;
      fill(told, h("span", { class: "spinner", "aria-hidden": "true" }), " ", t("recordings.recovering"));
      const made = await context.attempt(() => api.recover(first.name));
      recover.disabled = false;
      setText(told, "");
      if (made) notifyDone(t("recordings.recovered", { name: made.name }));
      await load();
    };
    const facts = [
      first.participant || t("recordings.unknown"),
      protocolTitle(context, first.protocol),
      moment(first.started),
      bytes(first.bytes),
    ];
    const element = h(
      "section",
      { class: "box box-look cut-off" },
      h(
        "div",
        {},
        h("h2", {}, t("recordings.cut_title")),
        h("p", {}, h("strong", {}, facts[0]), ` · ${facts.slice(1).join(" · ")}`),
        h("p", {}, t("recordings.cut_text")),
      ),
      h("div", { class: "row" }, recover, told),
    );
    return { element, update: () => undefined };
  }

  async function load(): Promise<void> {
    const found = await api.sessions().catch(() => null); // the header says when nothing can be reached
    if (found) {
      sessions = found;
      context.desk = { ...context.desk, sessions };
    }
    draw();
  }

  filter.addEventListener("input", draw);
  const timer = setInterval(() => void load(), AGAIN_MS);
  draw();
  void load();
  const element = page({
    title: t("recordings.title"),
    lead: t("recordings.lead", { folder: context.desk.folder }),
    body: [cards, list],
    hint:
      context.desk.disk.hours_left === null
        ? t("recordings.free", { free: bytes(context.desk.disk.free_bytes) })
        : t("recordings.free_hours", {
            free: bytes(context.desk.disk.free_bytes),
            span: span(context.desk.disk.hours_left * 3600),
          }),
    primary:
      operator &&
      button({ label: t("recordings.new"), kind: "primary", press: () => context.show("sitting") }),
  });
  return { element, update: () => undefined, leave: () => clearInterval(timer) };
}
