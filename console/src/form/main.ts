// The participant's page: questions one below the other, and between forms a quiet page that waits.
import "../style.css";
import "./form.css";
import { enterByFragment, ProblemError } from "../api";
import { button } from "../ask";
import { fill, h, setText, show } from "../dom";
import { setTheme, theme } from "../theme";
import type { FormView } from "../types";
import { inLanguage, language, LANGUAGES, setLanguage, t, type Language } from "../words";
import { Filling } from "./filling";
import { asParticipant } from "./server";
import { sheet } from "./sheet";

const POLL_MS = 2000;

const status = h("p", { class: "form-status", role: "status" });
const languages = h("div", { class: "form-languages", role: "group" });
const main = h("main", { class: "form-main" });
let filling: Filling | null = null;
let shown = ""; // what is drawn: the page's id, or what waits
let view: FormView | null = null;
let reached = true;
let thanks = false; // something was filled in, and it is handed in

document.body.className = "form-page";
document.body.append(h("header", { class: "form-head" }, status, languages), main);
window.addEventListener("beforeunload", (event) => {
  if (filling?.unsent) event.preventDefault();
});

async function begin(): Promise<void> {
  drawLanguages();
  await enterByFragment().catch(() => undefined); // a used address: this browser may be in already
  await poll();
}

async function poll(): Promise<void> {
  try {
    draw(await asParticipant.form());
    reached = true;
  } catch (error) {
    if (error instanceof ProblemError && (error.status === 401 || error.status === 403)) return refuse();
    reached = false;
  }
  tell();
  setTimeout(() => void poll(), POLL_MS);
}

// The connection, said once for the whole page.
function tell(): void {
  const text = reached ? "" : t(filling?.waiting || filling?.unsent ? "form.lost" : "form.lost_none");
  setText(status, text);
  show(status, text !== "");
}

function draw(told: FormView): void {
  view = told;
  if (told.page && told.document) {
    if (filling?.page.id !== told.page.id) {
      filling?.leave();
      filling = new Filling(told.page, told.document, asParticipant);
    }
    return once(`page ${told.page.id}`, () => drawSheet(filling as Filling));
  }
  thanks ||= filling !== null && Object.values(filling.answers).some((answer) => answer !== null);
  filling?.leave();
  filling = null;
  const due = told.due[0];
  if (due) return once(`due ${due.phase} ${due.form}`, () => drawReady(told, due));
  once(`${told.open ? "wait" : "closed"} ${thanks}`, () =>
    drawQuiet(t(thanks ? "form.wait.title" : "form.wait.before"), t(told.open ? "form.wait.text" : "form.wait.closed")),
  );
}

// Draws only what isn't drawn yet, so that what is being touched stays.
function once(key: string, make: () => void): void {
  if (shown === `${language()} ${key}`) return;
  shown = `${language()} ${key}`;
  make();
}

function drawSheet(held: Filling): void {
  const made = sheet(held, {
    heading: "h1",
    closed: (next) => {
      draw(next);
      window.scrollTo(0, 0);
    },
    reasonForMissing: () => Promise.resolve("the participant handed it in without them"),
  });
  fill(main, made.element);
  document.title = inLanguage(held.document.title);
  made.focus();
}

function drawReady(told: FormView, due: FormView["due"][number]): void {
  const open = async (): Promise<void> => {
    try {
      draw((await asParticipant.act({ act: "open", form: due.form, phase: due.phase })).view);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status === 0) reached = false;
      else draw(await asParticipant.form().catch(() => told)); // somebody else opened it
      tell();
    }
  };
  const start = button({ label: t("form.begin"), kind: "primary", press: () => void open() });
  drawQuiet(t("form.ready.title"), t("form.ready.text"), start);
  start.focus();
}

function drawQuiet(title: string, text: string, action?: HTMLElement): void {
  document.title = t("form.page");
  fill(main, h("div", { class: "form-quiet" }, h("h1", {}, title), h("p", { class: "lead" }, text), action));
}

function refuse(): void {
  shown = "";
  show(status, false);
  drawQuiet(t("form.refused.title"), t("form.refused.text"));
}

function drawLanguages(): void {
  languages.setAttribute("aria-label", t("form.language"));
  const choose = (told: Language): void => {
    setLanguage(told);
    drawLanguages();
    if (view) draw(view);
    else refuse();
    languages.querySelector<HTMLElement>("[aria-pressed=true]")?.focus();
  };
  const one = ([code, name]: [string, string]): HTMLElement => {
    const facts = { type: "button", lang: code, "aria-pressed": String(code === language()) };
    return h("button", { ...facts, on: { click: () => choose(code as Language) } }, name);
  };
  fill(languages, Object.entries(LANGUAGES).map(one));
}

setTheme(theme());
void begin();
