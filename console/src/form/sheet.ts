// A form as it is shown to be filled: every question below the other, each saying that it is kept.
import { asProblem } from "../notice";
import { button } from "../ask";
import { h, setText, show } from "../dom";
import type { FormItem, FormView } from "../types";
import { inLanguage, t } from "../words";
import { control, questionText, type Control } from "./controls";
import type { Filling } from "./filling";
import "./form.css";

export interface Sheet {
  element: HTMLElement;
  focus(): void;
}

export interface SheetFacts {
  closed: (view: FormView) => void;
  // Why required questions stay open: the participant's own word, or what an operator is asked.
  reasonForMissing: () => Promise<string | null>;
  heading: "h1" | "h2";
}

interface Question {
  element: HTMLElement;
  control: Control;
  update(): void;
  miss(): void;
}

export function sheet(filling: Filling, facts: SheetFacts): Sheet {
  const { document: form } = filling;
  const title = h(facts.heading, { tabindex: "-1", class: "sheet-title" }, inLanguage(form.title));
  const instructions = inLanguage(form.instructions);
  const slides = form.items.some((item) => item.kind === "affect" || item.kind === "slider");
  const questions = new Map(form.items.map((item) => [item.name, question(filling, item)]));
  const footer = foot(filling, questions, facts);
  filling.changed = (item) => {
    questions.get(item)?.update();
    footer.update();
  };
  const element = h(
    "div",
    { class: "sheet" },
    title,
    instructions && h("p", { class: "lead" }, instructions),
    slides && h("p", { class: "quiet", id: `how-${filling.page.id}` }, t("form.slider_how")),
    [...questions.values()].map((made) => made.element),
    footer.element,
  );
  return { element, focus: () => title.focus() };
}

function question(filling: Filling, item: FormItem): Question {
  const key = `item-${filling.page.id}-${item.name}`;
  const ids = { title: key, note: `${key}-note`, how: `how-${filling.page.id}` };
  const note = h("p", { class: "question-note", id: ids.note });
  const state = h("span", { class: "question-state", role: "status" });
  const hint = h("p", { class: "question-hint", role: "status" });
  let missed = false;
  const made = control(
    item,
    ids,
    (answer, pause_ms) => {
      missed = false;
      filling.put(item.name, answer, pause_ms);
    },
    (text) => setText(note, text),
  );
  const back = h(
    "button",
    { type: "button", class: "question-back", on: { click: () => takeBack() } },
    t("form.take_back"),
  );
  const takeBack = (): void => {
    made.show(null);
    filling.put(item.name, null, 0);
    made.focus();
  };
  const optional = !item.required && h("span", { class: "optional" }, ` (${t("form.optional")})`);
  const element = h(
    "div",
    { class: "question card" },
    h(
      "div",
      { class: "question-head" },
      h("h2", { id: ids.title }, questionText(item), optional),
      back,
      state,
    ),
    note,
    made.element,
    hint,
  );
  function update(): void {
    const fate = filling.fates.get(item.name);
    const open = filling.isOpen(item.name);
    const wrong = fate?.problem || (missed ? t("form.missing") : "");
    setText(note, wrong);
    element.classList.toggle("missing", wrong !== "");
    show(back, !open && (item.kind === "affect" || item.kind === "slider" || item.kind === "choice"));
    setText(state, stateText(fate?.sent, open));
    state.dataset.sent = fate?.sent ?? "";
    show(hint, Boolean(fate?.hints.length));
    setText(hint, hintText(fate?.hints ?? []));
  }
  made.show(filling.answers[item.name] ?? null);
  update();
  const miss = (): void => {
    missed = true;
    update();
  };
  return { element, control: made, update, miss };
}

function stateText(sent: string | undefined, open: boolean): string {
  if (sent === "kept") return open ? "" : `✓ ${t("form.kept")}`;
  if (sent === "waiting") return `… ${t("form.waiting")}`;
  if (sent === undefined && !open) return `✓ ${t("form.kept")}`;
  return "";
}

// The server says which words; they stand in quotation marks.
function hintText(hints: string[]): string {
  const words = hints.map((hint) => t("form.quoted", { text: /"(.*)"$/.exec(hint)?.[1] ?? hint }));
  return words.length ? `${t("form.hint")} ${t("form.hint_what", { what: words.join(", ") })}` : "";
}

function foot(filling: Filling, questions: Map<string, Question>, facts: SheetFacts) {
  const count = h("p", { class: "quiet" });
  const told = h("p", { class: "sheet-told", role: "alert" });
  const anyway = button({ label: t("form.leave_out"), press: () => void withoutThem() });
  const done = button({ label: t("form.done"), kind: "primary", press: () => void close() });
  let busy = false;

  async function hand_in(reason: string): Promise<void> {
    if (busy) return;
    busy = true;
    try {
      const view = await filling.close(reason);
      if (view) facts.closed(view);
      else setText(told, t("form.lost"));
    } catch (error) {
      const problem = asProblem(error);
      setText(told, `${problem.what} ${problem.remedy}`.trim());
    } finally {
      busy = false;
    }
  }

  async function close(): Promise<void> {
    const missing = filling.missing();
    if (!missing.length) return hand_in("");
    for (const name of missing) questions.get(name)?.miss();
    setText(told, t("form.missing_some", { n: missing.length }));
    show(anyway, true);
    const first = questions.get(missing[0] ?? "");
    first?.element.scrollIntoView({ block: "center" });
    first?.control.focus();
  }

  async function withoutThem(): Promise<void> {
    const reason = await facts.reasonForMissing();
    if (reason !== null) await hand_in(reason);
  }

  function update(): void {
    const all = filling.document.items.length;
    const answered = filling.document.items.filter((item) => !filling.isOpen(item.name)).length;
    setText(count, t("form.count", { answered, all }));
    if (!filling.missing().length) {
      show(anyway, false);
      setText(told, "");
    }
  }

  show(anyway, false);
  update();
  const element = h(
    "div",
    { class: "sheet-foot" },
    told,
    h("div", { class: "sheet-buttons" }, count, anyway, done),
  );
  return { element, update };
}
