// Connected: every signal with its light and what to do about it, and why the run can't start yet.
import { askReason, button } from "../ask";
import { blockerInWords } from "../blockers";
import { deviceLine } from "../devices";
import { fill, h, keyedList, setText, show, type Row } from "../dom";
import { advice, lightMark, syntheticBadge } from "../lights";
import { problemLines } from "../notice";
import { Painter } from "../painter";
import { page, type Context, type Screen } from "../screen";
import { restDate } from "../rest";
import { isReal, plotOf, streamTitle, valueNow, type StreamPlot } from "../streams";
import type { Blocker, StreamView, View } from "../types";
import { useInWords } from "../use";
import { inLanguage, moment, number, signal, t } from "../words";
import { phaseBar } from "./protocol";

export function checkScreen(context: Context): Screen {
  const { live } = context;
  const viewer = context.role === "viewer";
  const plots: StreamPlot[] = [];
  const streams = h("div", { class: "checks" });
  const setStreams = keyedList<StreamView>(streams, (s) => s.id, (s) => checkRow(context, s, plots));
  const devices = h("div", { class: "stack" });
  const setDevices = keyedList(devices, (d: View["devices"][number]) => d.name, (d) => deviceLine(live, d));
  const trouble = h("div", { class: "stack", role: "alert" });
  const blockers = h("div", { class: "stack", "aria-live": "polite" });
  const facts = h("p", { class: "quiet" });
  const waiting = h("div", { class: "empty" }, h("span", { class: "spinner", "aria-hidden": "true" }), " ", t("prepare.connecting"));
  const hint = h("span", { role: "status" });
  const start = button({ label: t("prepare.start"), kind: "primary", press: () => void context.act({ act: "start" }) });
  const leave = button({ label: t("prepare.discard"), kind: "danger", press: () => void discard(context) });
  let told = "";

  const painter = new Painter(live, (now_s) => plots.forEach(({ plot, index }) => plot.draw(live.rings.get(index), now_s)));
  const update = (view: View | null): void => {
    if (!view) return;
    setStreams(view.streams);
    setDevices(view.devices);
    show(waiting, view.connection === "connecting");
    const key = JSON.stringify([view.trouble, view.blockers, view.waived, view.rest_problem]);
    if (key !== told) {
      told = key;
      fill(trouble, view.trouble.map((problem) => h("div", { class: "box box-bad" }, problemLines(problem))));
      fill(blockers, blockerBoxes(context, view), waivedBoxes(view));
    }
    setText(facts, factsOf(context, view));
    start.disabled = view.connection !== "recording" || view.blockers.length > 0;
    setText(hint, hintOf(view));
  };
  const first = live.view;
  const element = page({
    title: t("check.title"),
    lead: t("check.lead"),
    body: [
      trouble,
      waiting,
      blockers,
      streams,
      h("section", { class: "card", "aria-labelledby": "check-devices" }, h("h2", { id: "check-devices" }, t("check.devices")), devices, facts),
      first &&
        h(
          "section",
          { class: "card", "aria-labelledby": "check-protocol" },
          h("h2", { id: "check-protocol" }, inLanguage(first.protocol.title)),
          phaseBar(first.protocol.phases),
          h("p", { class: "quiet" }, t("check.use", { sentence: useInWords(first.use) })),
        ),
    ],
    left: viewer ? [] : [leave],
    hint,
    primary: viewer ? null : start,
  });
  const left = (): void => {
    painter.stop();
    plots.forEach(({ plot }) => plot.destroy());
  };
  return { element, update, leave: left };
}

function checkRow(context: Context, first: StreamView, plots: StreamPlot[]): Row<StreamView> {
  const { live } = context;
  const plot = plotOf(first, "line", 64);
  const light = lightMark(first.light);
  const value = h("span", { class: "quiet" });
  const what = h("p", { class: "check-advice" });
  const badge = syntheticBadge();
  const title = h("h2", {}, streamTitle(first, live.view?.streams ?? []));
  const titleId = `check-${first.index}`;
  title.id = titleId;
  plot.element.classList.add("spark");
  plots.push({ plot, index: first.index });
  const element = h(
    "section",
    { class: "card check-row", "aria-labelledby": titleId },
    h("div", {}, title, h("div", { class: "row small" }, value, badge)),
    plot.element,
    h("div", { "aria-live": "polite" }, light.element, what),
  );
  const update = (stream: StreamView): void => {
    light.set(live.gone ? "unknown" : stream.light);
    setText(what, live.gone ? "" : stream.reasons[0] ? advice(stream.kind, stream.reasons[0]) : t(`check.${stream.light}`));
    setText(value, valueNow(live, stream));
    show(value, value.textContent !== "");
    show(badge, live.view ? !isReal(live.view, stream) : false);
  };
  return { element, update };
}

function blockerBoxes(context: Context, view: View): HTMLElement[] {
  if (view.connection !== "recording") return [];
  return view.blockers.map((blocker) =>
    h("div", { class: "box box-bad spread" }, h("strong", {}, blockerInWords(blocker)), context.role === "viewer" ? null : remedy(context, view, blocker)),
  );
}

function remedy(context: Context, view: View, blocker: Blocker): HTMLElement | null {
  if (blocker.code === "missing_stream") return button({ label: t("check.waive"), press: () => void waive(context, blocker.about) });
  if (blocker.code !== "no_consent") return null;
  const consent = { ...view.consent, recording: true };
  return button({ label: t("check.note_consent"), press: () => void context.act({ act: "note_consent", consent }) });
}

function waivedBoxes(view: View): HTMLElement[] {
  return Object.entries(view.waived).map(([kind, reason]) =>
    h("p", { class: "box box-look" }, t("check.waived", { signal: signal(kind), reason })),
  );
}

async function waive(context: Context, kind: string): Promise<void> {
  const reason = await askReason({
    title: t("check.waive_title", { signal: signal(kind) }),
    text: t("check.waive_text"),
    action: t("check.waive_action"),
    suggestions: [t("check.waive_reason_1"), t("check.waive_reason_2")],
  });
  if (reason) await context.act({ act: "waive_stream", kind, reason });
}

async function discard(context: Context): Promise<void> {
  const reason = await askReason({
    title: t("check.discard_title"),
    text: t("check.discard_text"),
    action: t("check.discard_action"),
    danger: true,
    suggestions: [t("check.discard_reason_1"), t("check.discard_reason_2"), t("check.discard_reason_3")],
  });
  if (reason) await context.act({ act: "close", reason });
}

function factsOf(context: Context, view: View): string {
  const parts = [
    view.disk.hours_left !== null && t("check.disk", { hours: view.disk.hours_left > 1000 ? "> 1000" : number(view.disk.hours_left, view.disk.hours_left < 10 ? 1 : 0) }),
    view.resting?.session && t("check.rest_reused", { date: restDate(context, view.resting.session) }),
    t("check.wall", { time: moment(view.wall_start) }),
  ];
  return parts.filter(Boolean).join(" · ");
}

function hintOf(view: View): string {
  if (view.connection === "connecting") return t("prepare.connecting");
  if (view.connection !== "recording") return t("check.not_recording");
  if (view.blockers.length) return t("check.blocked", { n: view.blockers.length });
  const judged = view.streams.length > 0 && view.streams.every((stream) => stream.light !== "waiting");
  if (!judged) return t("check.judging");
  const poor = view.streams.filter((stream) => stream.light === "look" || stream.light === "bad").length;
  return poor ? t("check.poor", { n: poor }) : t("check.good");
}
