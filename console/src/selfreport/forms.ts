// Which forms are due, being filled or done: shown while the protocol runs and after it.
import { api } from "../api";
import { askReason, button, openDialog } from "../ask";
import { fill, h, keyedList, setText, show, type Row } from "../dom";
import { copyButton } from "../close/copy";
import { notifyDone } from "../notice";
import type { Context } from "../screen";
import type { FormView, PageView, Text, View } from "../types";
import { clock, inLanguage, t } from "../words";
import { answersOf } from "./answers";
import "./selfreport.css";

// One row: a form that is due, or a page of one that was opened.
interface Asked {
  key: string;
  form: string;
  phase: string;
  page: PageView | null;
}

export interface FormList {
  element: HTMLElement;
  update(view: View): void;
}

export interface FormListFacts {
  // Called with what the server says after a form was opened here.
  opened: (view: FormView) => void;
}

// which: all that are due or were opened, or those that were handed in.
export function formList(context: Context, facts: FormListFacts, which: "all" | "closed" = "all"): FormList {
  const titles = new Map(context.desk.forms.map((form) => [form.name, form.title]));
  let phases = new Map<string, Text>();
  const rows = h("ul", { class: "form-rows" });
  const none = h("p", { class: "quiet" }, t("selfreport.none"));
  const draw = keyedList<Asked>(
    rows,
    (asked) => asked.key,
    (asked) => formRow(asked),
  );
  const operator = context.role === "operator";

  function formRow(first: Asked): Row<Asked> {
    let held = first;
    const when = h("span", { class: "quiet" });
    const state = h("span", { class: "badge" });
    const progress = h("span", { class: "quiet", role: "status" });
    const act = h("div", { class: "row" });
    const answers = h("div", { class: "form-row-answers" });
    let drawn = "";
    let answered = "";
    const update = (asked: Asked): void => {
      held = asked;
      setText(when, inLanguage(phases.get(asked.phase) ?? {}) || t("selfreport.no_phase"));
      const code = stateOf(asked.page);
      setText(state, t(`selfreport.state.${code}`));
      state.className = `badge badge-${code}`;
      setText(progress, progressOf(asked.page));
      const page = asked.page;
      const closed = operator && page !== null && page.closed_s !== null;
      const key = closed ? JSON.stringify(page.answers) : "";
      if (key !== answered) fill(answers, closed && answersOf(page));
      answered = key;
      if (drawn !== code) fill(act, operator ? buttons(code) : []);
      drawn = code;
    };
    const buttons = (code: string): HTMLElement[] => {
      if (code === "due")
        return [small(t("selfreport.fill_here"), () => void open(context, facts, held.form, held.phase))];
      if (code === "open") {
        return [
          small(
            t("selfreport.show_here"),
            () => void context.attempt(async () => facts.opened(await api.form())),
          ),
          small(t("selfreport.close_it"), () => void closeForThem(context, held)),
        ];
      }
      return [];
    };
    const name = h("h3", {}, inLanguage(titles.get(first.form) ?? {}) || first.form);
    const element = h(
      "li",
      { class: "form-row" },
      h("div", {}, name, when),
      h("div", { class: "form-row-state" }, state, progress),
      act,
      answers,
    );
    return { element, update };
  }

  return {
    element: h("div", {}, rows, none),
    update: (view) => {
      phases = new Map(view.protocol.phases.map((phase) => [phase.name, phase.title]));
      const asked = askedOf(view).filter(({ page }) => which === "all" || (page?.closed_s ?? null) !== null);
      draw(asked);
      show(none, asked.length === 0);
    },
  };
}

// The two ways to the participant's page, and any other form.
export function formTools(context: Context, facts: FormListFacts): HTMLElement[] {
  if (context.role !== "operator") return [];
  return [
    button({ label: t("selfreport.window"), press: () => void openWindow(context) }),
    button({ label: t("selfreport.address"), press: () => void showAddress(context) }),
    button({ label: t("selfreport.other"), press: () => void chooseOther(context, facts) }),
  ];
}

function askedOf(view: View): Asked[] {
  const due = view.due_forms
    .filter(([phase, form]) => !view.pages.some((page) => page.phase === phase && page.form === form))
    .map(([phase, form]) => ({ key: `due ${phase} ${form}`, form, phase, page: null }));
  const pages = view.pages.map((page) => ({
    key: `page ${page.id}`,
    form: page.form,
    phase: page.phase,
    page,
  }));
  const open = pages.filter(({ page }) => page.closed_s === null);
  return [...open, ...due, ...pages.filter(({ page }) => page.closed_s !== null).reverse()];
}

function stateOf(page: PageView | null): "due" | "open" | "done" | "unfinished" {
  if (!page) return "due";
  if (page.closed_s === null) return "open";
  return page.unfinished ? "unfinished" : "done";
}

function progressOf(page: PageView | null): string {
  if (!page) return "";
  const n = Object.values(page.answers).filter((answer) => answer !== null).length;
  const at = page.closed_s === null ? "" : ` · ${clock(page.closed_s)}`;
  const why = page.unfinished ? ` · ${page.unfinished}` : "";
  return `${t("selfreport.answers", { n })}${at}${why}`;
}

function small(label: string, press: () => void): HTMLElement {
  const made = button({ label, press });
  made.classList.add("button-small");
  return made;
}

async function open(context: Context, facts: FormListFacts, form: string, phase: string): Promise<void> {
  await context.attempt(async () =>
    facts.opened((await api.formAct({ act: "open", form, phase: phase || null })).view),
  );
}

async function closeForThem(context: Context, asked: Asked): Promise<void> {
  const page = asked.page;
  if (!page) return;
  const suggestions = ["declined", "time", "unable"].map((code) => t(`form.reason.${code}`));
  const title = t("selfreport.close_title");
  const text = t("selfreport.close_text");
  const reason = await askReason({ title, text, action: t("selfreport.close_it"), suggestions });
  if (reason === null) return;
  await context.attempt(() => api.formAct({ act: "close", id: page.id, reason }));
}

// Opened first and pointed afterwards: a window that waits for an answer is taken for a pop-up.
async function openWindow(context: Context): Promise<void> {
  const opened = window.open("about:blank", "_blank");
  const made = await context.attempt(() => api.invite("participant"));
  if (!made) return opened?.close();
  if (!opened) return addressDialog(made.url);
  opened.opener = null;
  opened.location.href = made.url;
  notifyDone(t("selfreport.window_opened"));
}

async function showAddress(context: Context): Promise<void> {
  const made = await context.attempt(() => api.invite("participant"));
  if (made) addressDialog(made.url);
}

function addressDialog(url: string): void {
  const dialog = openDialog(
    t("selfreport.address_title"),
    [
      h("p", {}, t("selfreport.address_text")),
      h("div", { class: "copied" }, h("p", { class: "code" }, url), copyButton(url, t("selfreport.address"))),
    ],
    [{ label: t("selfreport.address_done"), kind: "primary", press: () => dialog.close() }],
  );
}

async function chooseOther(context: Context, facts: FormListFacts): Promise<void> {
  const view = await context.attempt(() => api.form());
  if (!view) return;
  const pick = h(
    "select",
    { id: "other-form" },
    view.choices.map((c) => h("option", { value: c.form }, inLanguage(c.title) || c.form)),
  );
  const body = [h("label", { class: "field-label", for: "other-form" }, t("selfreport.other_which")), pick];
  const dialog = openDialog(t("selfreport.other"), body, [
    { label: t("ask.cancel"), press: () => dialog.close() },
    {
      label: t("selfreport.other_open"),
      kind: "primary",
      press: () => {
        dialog.close();
        void open(context, facts, pick.value, "");
      },
    },
  ]);
}
