// The live signals: a plot each, with its light, reason and account.
import { h, keyedList, setText, show, type Row } from "../dom";
import { advice, lightMark, syntheticBadge } from "../lights";
import { Painter } from "../painter";
import type { Context } from "../screen";
import { isReal, plotOf, silentFor, streamTitle, valueNow, type StreamPlot } from "../streams";
import type { StreamView, View } from "../types";
import { number, t, unit } from "../words";

export interface Signals {
  element: HTMLElement;
  update(view: View): void;
  leave(): void;
}

export function signals(context: Context): Signals {
  const { live } = context;
  const plots: StreamPlot[] = [];
  const element = h("div", { class: "signals" });
  const setRows = keyedList<StreamView>(element, (s) => s.id, (s) => signalRow(context, s, plots));
  const painter = new Painter(live, (now_s) => plots.forEach(({ plot, index }) => plot.draw(live.rings.get(index), now_s)));
  return {
    element,
    update: (view) => setRows(view.streams),
    leave: () => {
      painter.stop();
      plots.forEach(({ plot }) => plot.destroy());
    },
  };
}

function signalRow(context: Context, first: StreamView, plots: StreamPlot[]): Row<StreamView> {
  const { live } = context;
  const last = first.index === (live.view?.streams.length ?? 0) - 1; // the time axis stands below all
  const plot = plotOf(first, last ? "axes" : "values", last ? 106 : 84);
  plots.push({ plot, index: first.index });
  const light = lightMark(first.light);
  const value = h("span", { class: "signal-value" });
  const reason = h("span", { class: "signal-reason" });
  const stored = h("span", { class: "quiet small hide-narrow" });
  const lost = h("span", { class: "quiet small" });
  const badge = syntheticBadge();
  const id = `signal-${first.index}`;
  const unitText = unit(first.channels[0]?.unit ?? "");
  const element = h(
    "section",
    { class: "signal", "aria-labelledby": id },
    h(
      "div",
      { class: "signal-head" },
      h("h2", { id }, streamTitle(first, live.view?.streams ?? [])),
      channelKey(first),
      first.channels.length > 1 && h("span", { class: "quiet small" }, unitText),
      value,
      light.element,
      badge,
      h("span", { class: "spring" }),
      stored,
      lost,
    ),
    reason,
    plot.element,
  );
  const update = (stream: StreamView): void => {
    light.set(live.gone ? "unknown" : stream.light);
    const code = stream.reasons[0];
    setText(reason, code && !live.gone ? advice(stream.kind, code) : "");
    show(reason, reason.textContent !== "");
    setText(value, valueNow(live, stream));
    setText(stored, t("run.account.stored", { n: number(stream.stored) }));
    show(stored, live.view === null || silentFor(stream, live.view.now_s) === null); // room for what matters now
    setText(lost, lossOf(stream));
    show(badge, live.view ? !isReal(live.view, stream) : false);
  };
  return { element, update };
}

function channelKey(stream: StreamView): HTMLElement | null {
  if (stream.channels.length < 2) return null;
  return h(
    "span",
    { class: "channel-key small", "aria-hidden": "true" },
    stream.channels.map((channel, i) => h("span", { class: `channel-${(i % 3) + 1}` }, channel.name)),
  );
}

function lossOf(stream: StreamView): string {
  const lost = stream.lost === null ? t("run.account.unprovable") : t("run.account.lost", { n: number(stream.lost) });
  return stream.damaged ? `${lost} · ${t("run.account.damaged", { n: number(stream.damaged) })}` : lost;
}
