// What a question is answered with: one maker for each kind of item.
import { h, setText, show } from "../dom";
import type { Answer, FormItem } from "../types";
import { inLanguage, number, t } from "../words";
import { glyph } from "./glyphs";
import { placeOf, type Scale } from "./scale";
import { slider } from "./slider";

export interface Ids {
  title: string; // of the question's text
  note: string; // of what is wrong with the answer
  how: string; // of how sliders are moved
}

export interface Control {
  element: HTMLElement;
  show(answer: Answer): void;
  focus(): void;
}

// Told of each change; pause_ms: how long to wait for the next before it is sent.
export type Changed = (answer: Answer, pause_ms: number) => void;

const SLIDER_PAUSE_MS = 300;
const TYPING_PAUSE_MS = 1000;
const LONGEST_TEXT = 2000; // characters, as the server takes them

export function control(item: FormItem, ids: Ids, changed: Changed, wrong: (text: string) => void): Control {
  switch (item.kind) {
    case "affect":
    case "slider":
      return sliderControl(item, ids, changed);
    case "choice":
      return item.most > 1 ? manyControl(item, ids, changed) : oneControl(item, ids, changed);
    case "text":
      return textControl(ids, changed);
    case "score":
      return scoreControl(item, ids, changed, wrong);
  }
}

// The text of a question: its own, else that of its dimension, else its name.
export function questionText(item: FormItem): string {
  const told = inLanguage(item.text);
  if (told) return told;
  if (item.kind === "affect") return t(`form.dimension.${item.dimension}`);
  const name = item.name.replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

type SliderItem = Extract<FormItem, { kind: "affect" | "slider" }>;
type ChoiceItem = Extract<FormItem, { kind: "choice" }>;
type ScoreItem = Extract<FormItem, { kind: "score" }>;

function sliderControl(item: SliderItem, ids: Ids, changed: Changed): Control {
  const scale: Scale = item.kind === "affect" ? { least: 0, most: 1, step: 0 } : item;
  const [low, high] = (["low", "high"] as const).map((end) => endText(item, end)) as [string, string];
  const made = slider({
    scale,
    labelled: ids.title,
    described: `${ids.how} ${ids.note}`,
    say: (part) => {
      if (part === null) return t("form.unanswered");
      const place = placeOf(part);
      return t(`form.place.${place.code}`, { end: place.high ? high : low });
    },
    moved: (value, settled) => changed(value, settled ? 0 : SLIDER_PAUSE_MS),
  });
  const end = (which: "low" | "high", text: string): HTMLElement =>
    h(
      "div",
      { class: `slider-end slider-${which}` },
      item.kind === "affect" && glyph(item.dimension, which),
      h("span", {}, text),
    );
  const element = h("div", { class: "slider-row" }, end("low", low), made.element, end("high", high));
  return {
    element,
    show: (answer) => made.show(typeof answer === "number" ? answer : null),
    focus: () => made.element.focus(),
  };
}

function endText(item: SliderItem, end: "low" | "high"): string {
  const told = inLanguage(item[end]);
  if (told) return told;
  if (item.kind === "affect") return t(`form.dimension.${item.dimension}.${end}`);
  return number(end === "low" ? item.least : item.most);
}

function options(item: ChoiceItem, ids: Ids, type: "radio" | "checkbox", pressed: () => void) {
  const inputs = new Map<string, HTMLInputElement>();
  const rows = Object.entries(item.options).map(([name, text]) => {
    const input = h("input", { type, name: ids.title, value: name, on: { change: pressed } });
    inputs.set(name, input);
    return h(
      "label",
      { class: "option" },
      input,
      h("span", { class: "option-mark", "aria-hidden": "true" }),
      inLanguage(text) || name,
    );
  });
  const role = type === "radio" ? "radiogroup" : "group";
  const group = { class: "options", role, "aria-labelledby": ids.title, "aria-describedby": ids.note };
  return { inputs, list: h("div", group, rows) };
}

function oneControl(item: ChoiceItem, ids: Ids, changed: Changed): Control {
  const pressed = (): void => {
    for (const [name, input] of made.inputs) if (input.checked) changed(name, 0);
  };
  const made = options(item, ids, "radio", pressed);
  return {
    element: made.list,
    show: (answer) => made.inputs.forEach((input, name) => (input.checked = name === answer)),
    focus: () => [...made.inputs.values()][0]?.focus(),
  };
}

function manyControl(item: ChoiceItem, ids: Ids, changed: Changed): Control {
  const limited = item.most < Object.keys(item.options).length;
  const told = h("p", { class: "quiet", role: "status" });
  const chosen = (): string[] => [...made.inputs].filter(([, input]) => input.checked).map(([name]) => name);
  const limit = (): void => {
    const full = limited && chosen().length >= item.most;
    for (const input of made.inputs.values()) input.disabled = full && !input.checked;
    setText(told, t(full ? "form.most_reached" : "form.most", { n: item.most }));
  };
  const made = options(item, ids, "checkbox", () => {
    limit();
    changed(chosen().length ? chosen() : null, SLIDER_PAUSE_MS);
  });
  show(told, limited);
  return {
    element: h("div", {}, made.list, told),
    show: (answer) => {
      const held = Array.isArray(answer) ? answer : [];
      made.inputs.forEach((input, name) => (input.checked = held.includes(name)));
      limit();
    },
    focus: () => [...made.inputs.values()][0]?.focus(),
  };
}

function textControl(ids: Ids, changed: Changed): Control {
  const named = { "aria-labelledby": ids.title, "aria-describedby": `${ids.title}-names ${ids.note}` };
  const field = h("textarea", { rows: 4, maxlength: LONGEST_TEXT, ...named });
  const told = (pause_ms: number): void => changed(field.value.trim() ? field.value : null, pause_ms);
  field.addEventListener("input", () => told(TYPING_PAUSE_MS));
  field.addEventListener("change", () => told(0));
  return {
    element: h("div", {}, h("p", { class: "quiet", id: `${ids.title}-names` }, t("form.text_note")), field),
    show: (answer) => (field.value = typeof answer === "string" ? answer : ""),
    focus: () => field.focus(),
  };
}

function scoreControl(item: ScoreItem, ids: Ids, changed: Changed, wrong: (text: string) => void): Control {
  const bounds = { least: number(item.least), most: number(item.most) };
  const range = h("span", { class: "quiet", id: `${ids.title}-range` }, t("form.score_range", bounds));
  const described = `${ids.title}-range ${ids.note}`;
  const field = h("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    class: "score",
    "aria-labelledby": ids.title,
    "aria-describedby": described,
  });
  field.addEventListener("change", () => {
    const typed = field.value.trim().replace(",", ".");
    const value = Number(typed);
    const fits = typed === "" || (Number.isFinite(value) && value >= item.least && value <= item.most);
    field.setAttribute("aria-invalid", String(!fits));
    if (fits) changed(typed === "" ? null : value, 0);
    else wrong(t("form.score_bad", bounds));
  });
  return {
    element: h("div", { class: "score-row" }, field, range),
    show: (answer) => (field.value = typeof answer === "number" ? String(answer) : ""),
    focus: () => field.focus(),
  };
}
