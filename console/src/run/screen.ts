// The run: phases, signals, estimate, markers, devices. Everything here follows the view.
import { button } from "../ask";
import { deviceLine } from "../devices";
import { fill, h, keyedList, setText, show } from "../dom";
import { problemLines } from "../notice";
import { page, type Context, type Screen } from "../screen";
import { selfReportPanel } from "../selfreport/screen";
import type { DeviceView, View } from "../types";
import { clock, inLanguage, number, signal, t } from "../words";
import { estimatePanel } from "./estimate";
import { markerPanel } from "./markers";
import { endPhase, extendPhase, leaveOut, nowOf, phasePanel, stopRun } from "./phase";
import { signals } from "./signals";
import { timeline } from "./timeline";
import "./run.css";

const TICK_MS = 250;

export function runScreen(context: Context): Screen {
  const { live } = context;
  const line = timeline(live.view?.protocol.phases ?? []);
  const phase = phasePanel(context);
  const markers = markerPanel(context);
  const estimate = estimatePanel(context);
  const plots = signals(context);
  const forms = selfReportPanel(context);
  const trouble = h("div", { class: "stack", role: "alert" });
  const devices = h("div", { class: "stack" });
  const setDevices = keyedList<DeviceView>(devices, (d) => d.name, (d) => deviceLine(live, d));
  const gaps = h("div", { class: "gap-ticker", "aria-live": "polite" });
  const hint = h("span", { role: "status" });

  const withNow = (work: (now: NonNullable<ReturnType<typeof nowOf>>) => Promise<void>) => (): void => {
    const now = live.view && nowOf(live.view);
    if (now) void work(now);
  };
  const end = button({ label: "", kind: "primary", press: withNow((now) => endPhase(context, now)) });
  const extend = button({ label: t("run.extend"), press: withNow((now) => extendPhase(context, now)) });
  const skip = button({ label: t("run.leave_out"), press: () => live.view && void leaveOut(context, live.view) });
  const stop = button({ label: t("run.stop"), kind: "danger", press: withNow((now) => stopRun(context, now)) });
  let told = "";

  const tick = (): void => {
    const view = live.view;
    if (view?.stage !== "run") return;
    const now_s = live.now_s();
    line.update(view, now_s);
    phase.update(view, now_s);
    markers.update(view);
  };
  const update = (view: View | null): void => {
    if (view?.stage !== "run") return;
    const now = nowOf(view);
    setText(end, now?.next ? t("run.next", { phase: inLanguage(now.next.title) }) : t("run.finish"));
    show(extend, now?.phase.due_s !== null);
    show(skip, view.phases.some((p) => p.began_s === null && !p.skipped));
    plots.update(view);
    estimate.update(view);
    setDevices(view.devices);
    forms.update(view);
    const key = JSON.stringify([view.trouble, view.n_gaps, view.connection]);
    if (key !== told) {
      told = key;
      fill(trouble, view.trouble.map((problem) => h("div", { class: "box box-bad" }, problemLines(problem))));
      fill(gaps, gapLines(view));
    }
    setText(hint, view.journal.behind_s > 5 && view.trouble.length === 0 ? t("run.behind", { time: clock(view.journal.behind_s) }) : "");
    tick();
  };
  const press = (event: KeyboardEvent): void => {
    const at = event.target;
    if (document.querySelector("dialog[open]") || context.role === "viewer") return;
    if (at instanceof HTMLElement && at.matches("input, textarea, select")) return;
    markers.press(event);
  };
  document.addEventListener("keydown", press);
  const timer = setInterval(tick, TICK_MS);
  const viewer = context.role === "viewer";
  const element = page({
    title: "",
    body: [
      line.element,
      h(
        "div",
        { class: "run" },
        h("div", { class: "run-left", tabindex: 0, role: "region", "aria-label": t("run.signals") }, trouble, plots.element),
        h(
          "div",
          { class: "run-right", tabindex: 0, role: "region", "aria-label": t("run.control") },
          phase.element,
          estimate.element,
          markers.element,
          forms.element,
          h("section", { class: "card", "aria-labelledby": "run-devices" }, h("h2", { id: "run-devices" }, t("run.devices")), devices, gaps),
        ),
      ),
    ],
    left: viewer ? [] : [extend, skip, stop],
    hint,
    primary: viewer ? null : end,
  });
  element.classList.add("page-run");
  const leave = (): void => {
    clearInterval(timer);
    document.removeEventListener("keydown", press);
    plots.leave();
    forms.leave?.();
    estimate.leave();
  };
  return { element, update, leave, keys: () => markers.keys() };
}

function gapLines(view: View): HTMLElement[] {
  const kinds = new Map(view.streams.map((stream) => [stream.id, stream.kind]));
  const title = h("h3", {}, view.n_gaps ? t("run.gaps", { n: view.n_gaps }) : t("run.gaps.none"));
  const latest = view.gaps.slice(-4).reverse();
  const rows = latest.map((gap) => {
    const kind = signal(kinds.get(gap.stream_id) ?? gap.stream_id);
    const lost = gap.n_lost === null ? t("run.gap.unknown") : t("run.gap.lost", { n: number(gap.n_lost) });
    const lasted = t("run.gap.lasted", { s: number(gap.end_s - gap.start_s, 1) });
    return h("li", {}, h("span", { class: "quiet" }, clock(gap.start_s)), ` ${kind}: ${lasted}, ${lost}`);
  });
  return [title, h("ul", { class: "small" }, rows)];
}
