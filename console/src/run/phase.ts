// The phase that runs: what is said to the participant, the time that is left, and what can be done.
import { askReason, button, openDialog } from "../ask";
import { h, setAttribute, setText, show } from "../dom";
import { restDate } from "../rest";
import type { Context } from "../screen";
import type { PhaseFacts, PhaseView, View } from "../types";
import { clock, inLanguage, span, t } from "../words";

export interface PhasePanel {
  element: HTMLElement;
  update(view: View, now_s: number): void;
}

interface Now {
  facts: PhaseFacts;
  phase: PhaseView;
  next: PhaseFacts | null;
}

export function nowOf(view: View): Now | null {
  const [facts, phase] = [view.protocol.phases[view.current ?? -1], view.phases[view.current ?? -1]];
  if (!facts || !phase) return null;
  return { facts, phase, next: view.protocol.phases[view.upcoming ?? -1] ?? null };
}

export function phasePanel(context: Context): PhasePanel {
  const title = h("h1", { id: "phase-title", tabindex: -1 });
  const time = h("span", { class: "phase-time" });
  const word = h("span", { class: "quiet" });
  const instructions = h("p", { class: "phase-instructions" });
  const all = h("button", { type: "button", class: "link-button small", hidden: true });
  const enrols = h("p", { class: "quiet small" });
  let whole = false;
  let told = ""; // the phase that is shown
  // Two lines are enough to know what is said; the rest a press away.
  const clamp = (): void => {
    instructions.classList.toggle("clamped", !whole);
    setText(all, t(whole ? "run.less" : "run.more"));
    setAttribute(all, "aria-expanded", String(whole));
    show(all, whole || instructions.scrollHeight > instructions.clientHeight + 1);
  };
  all.addEventListener("click", () => {
    whole = !whole;
    clamp();
  });
  const element = h(
    "section",
    { class: "card phase-panel", "aria-labelledby": "phase-title" },
    h("div", { class: "spread" }, title, h("div", { class: "phase-clock", role: "timer" }, time, word)),
    h("div", { class: "phase-said" }, instructions, all),
    enrols,
  );
  const update = (view: View, now_s: number): void => {
    const now = nowOf(view);
    if (!now) return;
    const { facts, phase } = now;
    setText(title, inLanguage(facts.title));
    if (facts.name !== told) whole = false;
    told = facts.name;
    setText(instructions, inLanguage(facts.instructions));
    show(instructions, instructions.textContent !== "");
    clamp();
    const reused = view.resting?.session;
    setText(enrols, reused ? t("run.enrols_not", { date: restDate(context, reused) }) : t("run.enrols"));
    show(enrols, facts.enrols);
    const left = phase.due_s === null ? null : phase.due_s - now_s;
    const over = left !== null && left <= 0;
    element.classList.toggle("phase-over", over);
    setText(time, left === null ? clock(now_s - (phase.began_s ?? now_s)) : over ? `+${clock(-left)}` : clock(left));
    setText(word, t(left === null ? "run.time.open" : over ? "run.time.over" : "run.time.left"));
  };
  return { element, update };
}

export async function endPhase(context: Context, now: Now): Promise<void> {
  const { facts, phase, next } = now;
  const early = phase.due_s !== null && context.live.now_s() < phase.due_s;
  let reason: string | null = "";
  if (early)
    reason = await askReason({
      title: t("run.end_early_title", { phase: inLanguage(facts.title) }),
      text: t("run.end_early_text", { left: span((phase.due_s ?? 0) - context.live.now_s()) }),
      action: next ? t("run.end_next", { phase: inLanguage(next.title) }) : t("run.end_last"),
      suggestions: [t("run.reason.ready"), t("run.reason.trial"), t("run.reason.unwell")],
    });
  if (reason !== null) await context.act({ act: "end_phase", phase: facts.name, reason });
}

const LONGER_S = [60, 120, 300];

export async function extendPhase(context: Context, now: Now): Promise<void> {
  const by_s = await new Promise<number>((resolve) => {
    let chosen = 0;
    const dialog = openDialog(
      t("run.extend_title", { phase: inLanguage(now.facts.title) }),
      [h("p", {}, t("run.extend_text"))],
      [
        { label: t("ask.cancel"), press: () => dialog.close() },
        ...LONGER_S.map((seconds) => ({
          label: `+ ${span(seconds)}`,
          press: () => {
            chosen = seconds;
            dialog.close();
          },
        })),
      ],
      () => resolve(chosen),
    );
  });
  if (!by_s) return;
  const reason = await askReason({
    title: t("run.extend_by", { phase: inLanguage(now.facts.title), time: span(by_s) }),
    action: t("run.extend_action"),
    suggestions: [t("run.reason.signal"), t("run.reason.interrupted")],
  });
  if (reason) await context.act({ act: "extend", phase: now.facts.name, by_s, reason });
}

export async function leaveOut(context: Context, view: View): Promise<void> {
  const waiting = view.phases.filter((phase) => phase.began_s === null && !phase.skipped);
  const title = (name: string): string => inLanguage(view.protocol.phases.find((p) => p.name === name)?.title ?? { en: name });
  const phase = await new Promise<string>((resolve) => {
    let chosen = "";
    const choose = (name: string): void => {
      chosen = name;
      dialog.close();
    };
    const dialog = openDialog(
      t("run.leave_out_title"),
      [h("div", { class: "stack" }, waiting.map(({ name }) => button({ label: title(name), press: () => choose(name) })))],
      [{ label: t("ask.cancel"), press: () => dialog.close() }],
      () => resolve(chosen),
    );
  });
  if (!phase) return;
  const reason = await askReason({
    title: t("run.leave_out_phase", { phase: title(phase) }),
    text: t("run.leave_out_text"),
    action: t("run.leave_out_action"),
    danger: true,
    suggestions: [t("run.reason.time"), t("run.reason.unwell")],
  });
  if (reason) await context.act({ act: "leave_out", phase, reason });
}

export async function stopRun(context: Context, now: Now): Promise<void> {
  const reason = await askReason({
    title: t("run.stop_title"),
    text: t("run.stop_text"),
    action: t("run.stop_action"),
    danger: true,
    suggestions: [t("run.reason.wish"), t("run.reason.unwell"), t("run.reason.device")],
  });
  if (reason) await context.act({ act: "stop", phase: now.facts.name, reason });
}
