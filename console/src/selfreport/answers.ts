// What was answered, in brief: where on the scale, or in which words.
import { h, type Child } from "../dom";
import type { Answer, PageView } from "../types";
import { number, t, has } from "../words";

const AFFECT = "affect"; // the form whose questions are scales from 0 to 1 between named ends

export function answersOf(page: PageView): HTMLElement {
  const given = Object.entries(page.answers).filter(([, answer]) => answer !== null);
  if (!given.length) return h("p", { class: "quiet small" }, t("selfreport.no_answers"));
  return h(
    "dl",
    { class: "answers small" },
    given.map(([item, answer]) => h("div", {}, h("dt", {}, itemInWords(item)), h("dd", {}, answerInWords(page, item, answer)))),
  );
}

function answerInWords(page: PageView, item: string, answer: Answer): Child {
  if (page.form === AFFECT && typeof answer === "number" && has(endKey(item, "low"))) return scale(item, answer);
  if (typeof answer === "number") return number(answer, Number.isInteger(answer) ? 0 : 2);
  return (Array.isArray(answer) ? answer : [answer ?? ""]).map(plain).join(", ");
}

function scale(item: string, value: number): Child {
  const place = Math.min(1, Math.max(0, value));
  const mark = h("span", { class: "answer-mark", style: { left: `${place * 100}%` } });
  return [
    h("span", { class: "quiet", "aria-hidden": "true" }, t(endKey(item, "low"))),
    h("span", { class: "answer-scale", "aria-hidden": "true" }, mark),
    h("span", { class: "quiet", "aria-hidden": "true" }, t(endKey(item, "high"))),
    h("span", { class: "number" }, number(value, 2)),
  ];
}

function itemInWords(item: string): string {
  return has(`selfreport.item.${item}`) ? t(`selfreport.item.${item}`) : plain(item);
}

function endKey(item: string, end: "low" | "high"): string {
  return `form.dimension.${item}.${end}`;
}

function plain(code: string): string {
  return code.replaceAll("_", " ");
}
