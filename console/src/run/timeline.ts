// All phases in proportion to their length: planned against actual, the one that runs filling up.
import { h, setAttribute, setText } from "../dom";
import type { PhaseFacts, PhaseView, View } from "../types";
import { clock, inLanguage, t } from "../words";

const OPEN_AS_S = 300; // how wide a phase without a length is drawn, until it is longer

export interface Timeline {
  element: HTMLElement;
  update(view: View, now_s: number): void;
}

export function timeline(phases: PhaseFacts[]): Timeline {
  const pieces = phases.map(piece);
  const element = h("ol", { class: "timeline", "aria-label": t("run.timeline") }, pieces.map((p) => p.element));
  const update = (view: View, now_s: number): void =>
    view.phases.forEach((phase, i) => pieces[i]?.update(phase, i === view.current, now_s));
  return { element, update };
}

function piece(facts: PhaseFacts): { element: HTMLElement; update(phase: PhaseView, runs: boolean, now_s: number): void } {
  const name = h("span", { class: "timeline-name" }, inLanguage(facts.title));
  const times = h("span", { class: "timeline-times" });
  const done = h("span", { class: "timeline-done" });
  const over = h("span", { class: "timeline-over" });
  const track = h("span", { class: "timeline-track", "aria-hidden": "true" }, done, over);
  const element = h("li", {}, h("span", { class: "timeline-text" }, name, times), track);

  const update = (phase: PhaseView, runs: boolean, now_s: number): void => {
    const began = phase.began_s;
    const lasted = began === null ? 0 : (phase.ended_s ?? now_s) - began;
    const planned = phase.due_s !== null && began !== null ? phase.due_s - began : facts.length_s;
    const whole = Math.max(planned ?? OPEN_AS_S, lasted, 1);
    const inTime = planned === null ? lasted : Math.min(lasted, planned);
    element.style.flexGrow = String(whole);
    element.className = `timeline-piece${runs ? " timeline-now" : ""}${phase.skipped ? " timeline-skipped" : ""}`;
    setAttribute(element, "aria-current", runs ? "step" : null);
    done.style.width = `${(inTime / whole) * 100}%`;
    over.style.width = `${((lasted - inTime) / whole) * 100}%`;
    setText(times, timesOf(phase, planned, lasted));
    setAttribute(element, "title", phase.skipped || phase.cut_short || null);
  };
  return { element, update };
}

function timesOf(phase: PhaseView, planned: number | null, lasted: number): string {
  const plan = planned === null ? t("run.open") : clock(planned);
  if (phase.skipped) return t("run.skipped");
  if (phase.began_s === null) return plan;
  const mark = phase.ended_s === null ? "" : phase.cut_short ? ` · ${t("run.cut_short")}` : " ✓";
  return `${clock(lasted)} / ${plan}${mark}`;
}
