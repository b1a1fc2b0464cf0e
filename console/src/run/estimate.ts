// What is estimated, or in large words that it is withheld, and why.
import { blockerInWords, codeInWords } from "../blockers";
import { fill, h, setAttribute, setText, show, svg } from "../dom";
import { reasonInWords, syntheticBadge } from "../lights";
import { restInWords } from "../rest";
import type { Context } from "../screen";
import type { Outcome, View } from "../types";
import { useInWords } from "../use";
import { has, number, signal, span, t } from "../words";

export interface EstimatePanel {
  element: HTMLElement;
  update(view: View): void;
  leave(): void;
}

const WIDTH = 600;
const HEIGHT = 44;

export function estimatePanel(context: Context): EstimatePanel {
  const { live } = context;
  const large = h("span", { class: "estimate-large" });
  const what = h("span", { class: "quiet" });
  const fillBar = h("span", { class: "estimate-fill" });
  const bar = h("div", { class: "estimate-bar", "aria-hidden": "true" }, fillBar);
  const ends = h("div", { class: "estimate-ends small quiet", "aria-hidden": "true" }, h("span", {}, "0"), h("span", {}, "0.5"), h("span", {}, "1"));
  const why = h("ul", { class: "estimate-why" });
  const forecast = h("p", {});
  const history = svg("svg", { class: "estimate-history", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": t("run.estimate.history") });
  const since = h("p", { class: "quiet small" });
  const rest = h("p", { class: "small" });
  const use = h("p", { class: "quiet small" });
  const badge = syntheticBadge();
  const element = h(
    "section",
    { class: "card estimate", "aria-labelledby": "estimate-title" },
    h("div", { class: "spread" }, h("h2", { id: "estimate-title" }, t("run.estimate")), badge),
    h(
      "div",
      { class: "estimate-columns" },
      h("div", { "aria-live": "polite" }, h("p", { class: "estimate-line" }, large, what), bar, ends, why, rest, forecast),
      h("div", { class: "stack" }, h("div", { class: "estimate-strip" }, history), since, use),
    ),
  );
  let told = "";

  const update = (view: View): void => {
    const outcome = view.outcome;
    const shown = !live.gone && view.withheld_because.length === 0 && outcome !== null && outcome.stress !== null;
    const reasons = live.gone ? [] : reasonsOf(view);
    const waits = !shown && reasons.length === 0;
    element.classList.toggle("estimate-withheld", !shown);
    setText(large, shown ? number(outcome.stress ?? 0, 2) : t(live.gone ? "light.unknown" : waits ? "run.estimate.waiting" : "run.estimate.withheld"));
    setText(what, shown ? t("run.estimate.probability") : "");
    fillBar.style.width = shown ? `${(outcome.stress ?? 0) * 100}%` : "0";
    for (const part of [bar, ends]) show(part, shown);
    const key = reasons.join("|");
    if (key !== told) {
      told = key;
      fill(why, reasons.map((reason) => h("li", {}, reason)));
    }
    show(forecast, shown);
    setText(forecast, shown ? forecastOf(outcome) : "");
    setText(rest, restInWords(context, view));
    show(rest, rest.textContent !== "");
    setText(use, t("run.estimate.use", { sentence: useInWords(view.use), model: view.model || "–" }));
    show(badge, view.devices.some((device) => !device.real));
  };
  const drawHistory = (outcomes: Outcome[]): void => {
    fill(history, historyMarks(outcomes));
    const [first, last] = [outcomes[0], outcomes.at(-1)];
    setText(since, first && last ? t("run.estimate.since", { time: span(last.end_s - first.end_s) }) : "");
    setAttribute(history, "aria-label", historyInWords(outcomes));
  };
  const stop = live.onOutcomes.on(drawHistory);
  drawHistory(live.outcomes);
  return { element, update, leave: stop };
}

function reasonsOf(view: View): string[] {
  if (view.withheld_because.length) {
    const told = view.withheld_because.map(blockerInWords);
    return view.rest_problem ? [...told, t("run.estimate.rest_problem")] : told;
  }
  return [...new Set(view.outcome?.withheld.map(withheldInWords) ?? [])];
}

// Such as "eda: off_skin".
function withheldInWords(reason: string): string {
  const [kind = "", why] = reason.split(": ");
  if (why !== undefined && has(`signal.${kind}`)) return `${signal(kind)}: ${reasonInWords(why)}`;
  return has(`withheld.${kind}`) ? t(`withheld.${kind}`) : codeInWords(reason);
}

function forecastOf(outcome: Outcome): string {
  const [horizon, bounds] = Object.entries(outcome.forecast_us).sort(([a], [b]) => Number(a) - Number(b)).at(-1) ?? [];
  if (!horizon || !bounds) return "";
  const [low, median, high] = bounds.map((value) => number(value, 2));
  return t("run.estimate.forecast", { time: span(Number(horizon)), low: low ?? "", median: median ?? "", high: high ?? "" });
}

// One bar an outcome; what was withheld is a low hatched one, so that it isn't taken for a zero.
function historyMarks(outcomes: Outcome[]): SVGElement[] {
  const [first, last] = [outcomes[0], outcomes.at(-1)];
  if (!first || !last) return [];
  const step_s = outcomes.length > 1 ? (last.end_s - first.end_s) / (outcomes.length - 1) : 1;
  const whole_s = Math.max(last.end_s - first.end_s + step_s, 60 * step_s);
  const x = (s: number): number => ((s - first.end_s) / whole_s) * WIDTH;
  const line = (d: string, look: string): SVGElement => svg("path", { d, class: look, "vector-effect": "non-scaling-stroke" });
  const [seen, withheld]: string[][] = [[], []];
  for (const { end_s, stress } of outcomes) {
    const [left, right] = [x(end_s), x(end_s + step_s)];
    if (stress === null) withheld?.push(`M${left} ${HEIGHT - 2}H${right}`);
    else seen?.push(`M${left} ${HEIGHT}V${HEIGHT * (1 - stress)}H${right}V${HEIGHT}`);
  }
  return [
    line(`M0 ${HEIGHT / 2}H${WIDTH}`, "history-half"),
    line(seen?.join("") ?? "", "history-seen"),
    line(withheld?.join("") ?? "", "history-withheld"),
  ];
}

function historyInWords(outcomes: Outcome[]): string {
  const shown = outcomes.filter((outcome) => outcome.stress !== null).length;
  return t("run.estimate.history_words", { shown, withheld: outcomes.length - shown });
}
