// A slider without ticks or numbers: its thumb stands in the middle, hollow, until it is moved.

import { partOf, valueAfter, valueAt, type Scale } from "./scale";

export interface SliderFacts {
  scale: Scale;
  labelled: string; // ids of what names it
  described: string; // ids of what explains it; empty: nothing does
  say: (part: number | null) => string; // a place in words; null: not answered
  moved: (value: number, settled: boolean) => void; // settled: the thumb was let go
}

export interface Slider {
  element: HTMLElement;
  show: (value: number | null) => void;
}

// Make a slider; it says each move, and shows only what it is told or moved to.
export function slider(facts: SliderFacts): Slider {
  const { scale } = facts;
  const element = document.createElement("div");
  const track = document.createElement("div");
  const thumb = document.createElement("div");
  element.className = "slider";
  track.className = "slider-track";
  thumb.className = "slider-thumb";
  track.append(thumb);
  element.append(track);
  name(element, facts);

  const middle = valueAt(scale, 0.5);
  let value: number | null = null;
  let held = false;

  function show(next: number | null): void {
    value = next;
    const part = next === null ? 0.5 : partOf(scale, next);
    thumb.style.left = `${part * 100}%`;
    element.classList.toggle("unanswered", next === null);
    element.setAttribute("aria-valuenow", String(next ?? middle));
    element.setAttribute("aria-valuetext", facts.say(next === null ? null : part));
  }

  function move(next: number, settled: boolean): void {
    show(next);
    facts.moved(next, settled);
  }

  function under(event: PointerEvent): number {
    const box = track.getBoundingClientRect();
    return valueAt(scale, (event.clientX - box.left) / box.width);
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    held = true;
    move(under(event), false);
  });
  element.addEventListener("pointermove", (event) => {
    if (held) move(under(event), false);
  });
  const let_go = () => {
    if (held && value !== null) facts.moved(value, true);
    held = false;
  };
  element.addEventListener("pointerup", let_go);
  element.addEventListener("pointercancel", let_go);
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const here = value ?? middle;
    const stays = event.key === " " || event.key === "Enter"; // where it stands is the answer
    const next = stays ? here : valueAfter(scale, here, event.key);
    if (next === null) return;
    event.preventDefault();
    move(next, false);
  });
  element.addEventListener("blur", () => value !== null && !held && facts.moved(value, true));
  show(null);
  return { element, show };
}

function name(element: HTMLElement, facts: SliderFacts): void {
  const said: Record<string, string> = {
    role: "slider",
    tabindex: "0",
    "aria-orientation": "horizontal",
    "aria-valuemin": String(facts.scale.least),
    "aria-valuemax": String(facts.scale.most),
    "aria-labelledby": facts.labelled,
  };
  if (facts.described) said["aria-describedby"] = facts.described;
  for (const [key, text] of Object.entries(said)) element.setAttribute(key, text);
}
