// Quality lights and badges: a shape and a word beside each colour.
import { h, setAttribute, setText, svg } from "./dom";
import type { Light } from "./types";
import { has, t, tAny } from "./words";

// As it can be told here: without a connection nothing can.
export type Shown = Light | "unknown";

const SHAPES: Record<Shown, string> = {
  ok: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12z",
  look: "M8 2.5L14.5 13.5H1.5z",
  bad: "M2.5 2.5h11v11h-11z",
  waiting: "M2.5 8h.01M8 8h.01M13.5 8h.01",
  unknown: "M5.2 6.2a2.8 2.8 0 1 1 4.2 2.4Q8 9.3 8 10.5M8 13.4h.01",
};

export interface LightMark {
  element: HTMLElement;
  set(light: Shown): void;
}

export function lightMark(first: Light = "waiting"): LightMark {
  const shape = svg("path", { "stroke-linejoin": "round", "stroke-linecap": "round" });
  const mark = svg("svg", { class: "light-mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, shape);
  const word = h("span");
  const element = h("span", {}, mark, word);
  const set = (light: Shown): void => {
    setAttribute(element, "class", `light light-${light}`);
    setAttribute(shape, "d", SHAPES[light]);
    setAttribute(shape, "stroke-width", light === "waiting" ? "3.5" : light === "unknown" ? "2" : "1");
    setAttribute(shape, "fill", light === "unknown" ? "none" : null);
    setText(word, t(`light.${light}`));
  };
  set(first);
  return { element, set };
}

// What to do about a reason, in plain words; empty where nothing is known.
export function advice(kind: string, reason: string): string {
  return tAny([`advice.${kind}.${reason}`, `advice.any.${reason}`], t("advice.any.poor"));
}

export function reasonInWords(reason: string): string {
  return has(`quality.${reason}`) ? t(`quality.${reason}`) : reason.replaceAll("_", " ");
}

export function syntheticBadge(): HTMLElement {
  return h("span", { class: "badge badge-synthetic", title: t("badge.synthetic_note") }, t("badge.synthetic"));
}
