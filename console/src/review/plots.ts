// The whole recording, a plot a stream on one axis of time. Dragging over a plot brushes a stretch.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { fill, h } from "../dom";
import type { Overview, View } from "../types";
import { clock, inLanguage, shownShare, signal, t, unit } from "../words";
import { coloursNow, paintMarks, paintPhases, type Marks } from "./paint";
import { brushed, holes, joined, type Range } from "./range";

const PLOT_PX = 104;
const AXIS_PX = 34;
const GUTTER_PX = 60; // of the values, left of each plot
const SYNC = "review";
const AFTER = ""; // no phase is called so

export interface Plots {
  element: HTMLElement;
  load(overview: Overview): void;
  update(view: View): void;
  show(range: Range): void;
  leave(): void;
}

export type Brushed = (stream_id: string, stretch: Range) => void;

interface Plot {
  id: string;
  gaps: Range[];
  chart: uPlot;
}

export function plots(told: Brushed | null): Plots {
  const strip = h("div", { class: "phase-strip", "aria-hidden": "true" });
  const rows = h("div", { class: "plot-rows" });
  const element = h("div", { class: "plots" }, strip, rows);
  const colours = coloursNow();
  let held: Plot[] = [];
  let view: View | null = null;
  let shown: Range = { from: 0, to: 1 };

  function load(overview: Overview): void {
    drop();
    const ids = [...new Set(overview.streams.map((row) => row.id))];
    fill(
      rows,
      ids.map((id, i) => row(overview, id, i, ids.length)),
    );
    drawStrip();
  }

  function row(overview: Overview, id: string, index: number, count: number): HTMLElement {
    const channels = overview.streams.filter((stream) => stream.id === id);
    const stream = view?.streams.find((told) => told.id === id);
    const box = h("div", { class: "plot", role: "img" });
    const title = h(
      "p",
      { class: "plot-title" },
      h("strong", {}, signal(stream?.kind ?? id)),
      ` ${unit(channels[0]?.unit ?? "")}`,
    );
    const plot: Plot = {
      id,
      gaps: regular(stream?.sampling_rate, overview.step_s)
        ? holes(channels[0]?.low ?? [], overview.step_s)
        : [],
      chart: chart(box, overview, channels, id, index === count - 1, index === 0),
    };
    held.push(plot);
    box.setAttribute(
      "aria-label",
      t("review.plot", {
        signal: signal(stream?.kind ?? id),
        ...bounds(channels),
        unit: unit(channels[0]?.unit ?? ""),
      }),
    );
    return h("div", { class: "plot-row" }, title, box);
  }

  function chart(
    box: HTMLElement,
    overview: Overview,
    channels: Overview["streams"],
    id: string,
    last: boolean,
    first: boolean,
  ): uPlot {
    const n = Math.max(...channels.map((c) => c.low.length), 0);
    const times = Array.from({ length: n }, (_, i) => (i + 0.5) * overview.step_s);
    const data = [times, ...channels.flatMap((c) => [shownIn(c, c.high), shownIn(c, c.low)])] as uPlot.AlignedData;
    const axis = {
      stroke: colours.muted,
      font: "12px system-ui, sans-serif",
      grid: { stroke: colours.rule, width: 1 },
      ticks: { show: false },
    };
    return new uPlot(
      {
        width: Math.max(320, element.clientWidth),
        height: PLOT_PX + (last ? AXIS_PX : 0),
        padding: [6, 10, last ? 0 : 6, 0],
        legend: { show: false },
        cursor: {
          drag: { x: told !== null, y: false, setScale: false },
          sync: { key: SYNC, filters: { pub: isHover } },
          y: false,
          points: { show: false },
        },
        scales: { x: { time: false, range: () => [shown.from, shown.to] } },
        axes: [
          {
            ...axis,
            show: last,
            size: AXIS_PX,
            values: (_, at) => at.map(clock),
            incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600],
          },
          { ...axis, size: GUTTER_PX, space: 28 },
        ],
        series: [{}, ...channels.flatMap((_, i) => envelope(colours.lines[i % 3] ?? colours.ink))],
        bands: channels.map((_, i) => ({
          series: [2 * i + 1, 2 * i + 2],
          fill: faded(colours.lines[i % 3] ?? colours.ink),
        })),
        hooks: {
          drawAxes: [(u) => paintPhases(u, marksOf(id), colours)],
          draw: [(u) => paintMarks(u, marksOf(id), colours, first)],
          setSelect: [(u) => select(u, id)],
        },
      },
      data,
      box,
    );
  }

  function select(u: uPlot, id: string): void {
    const { left, width } = u.select;
    if (!width) return;
    const stretch = brushed(left, left + width, u.over.clientWidth, shown);
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (stretch) told?.(id, stretch);
  }

  function marksOf(id: string): Marks {
    const mine = held.find((plot) => plot.id === id);
    const since = (at: { start_s: number; end_s: number }): Range => ({ from: at.start_s, to: at.end_s });
    return {
      phases: phasesOf(view),
      gaps: joined([
        ...(mine?.gaps ?? []),
        ...(view?.gaps ?? []).filter((gap) => gap.stream_id === id).map(since),
      ]),
      artefacts: (view?.artefacts ?? []).filter((mark) => mark.stream_id === id && !mark.lifted).map(since),
      markers: (view?.markers ?? [])
        .filter((m) => !m.undone)
        .map((m) => ({ at: m.time_s, label: m.label }))
        .sort((a, b) => a.at - b.at),
    };
  }

  function drawStrip(): void {
    const length = shown.to - shown.from;
    const part = (at: number): number => Math.min(1, Math.max(0, (at - shown.from) / length));
    const titles = new Map(view?.protocol.phases.map((p) => [p.name, inLanguage(p.title)]));
    fill(
      strip,
      phasesOf(view).map((phase) => {
        const [from, to] = [part(phase.from), part(phase.to)];
        if (to <= from) return null;
        const style = { left: `${from * 100}%`, width: `${(to - from) * 100}%` };
        return h("span", { class: "phase-name", style }, titles.get(phase.name) ?? t("review.after"));
      }),
    );
  }

  function drop(): void {
    for (const plot of held) plot.chart.destroy();
    held = [];
  }

  const watch = new ResizeObserver(() => {
    const width = Math.max(320, element.clientWidth);
    for (const { chart } of held) if (chart.width !== width) chart.setSize({ width, height: chart.height });
  });
  watch.observe(element);

  let drawn = "";
  return {
    element,
    load,
    update: (next) => {
      view = next;
      const key = JSON.stringify([
        next.artefacts,
        next.markers,
        next.gaps,
        phasesOf(next).map((p) => [p.name, p.from]),
      ]);
      if (key === drawn) return;
      drawn = key;
      drawStrip();
      for (const { chart } of held) chart.redraw(false);
    },
    show: (range) => {
      shown = range;
      for (const { chart } of held) chart.setScale("x", { min: range.from, max: range.to });
      drawStrip();
    },
    leave: () => {
      watch.disconnect();
      drop();
    },
  };
}

// The phases, and what was recorded after the last: the self-report.
function phasesOf(view: View | null): (Range & { name: string })[] {
  const begun = (view?.phases ?? []).filter((phase) => phase.began_s !== null);
  const spans = begun.map((phase) => ({
    name: phase.name,
    from: phase.began_s ?? 0,
    to: phase.ended_s ?? Infinity,
  }));
  const last = spans.at(-1);
  const over = view?.stage !== "run" && last && Number.isFinite(last.to);
  return over ? [...spans, { name: AFTER, from: last.to, to: Infinity }] : spans;
}

// Only the line under the pointer goes along in the other plots: a brush is of one stream.
function isHover(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

// A stream without a rate, or slower than the steps, has steps without samples that aren't gaps.
function regular(rate: number | null | undefined, step_s: number): boolean {
  return typeof rate === "number" && rate * step_s >= 1;
}

function bounds(channels: Overview["streams"]): { low: string; high: string } {
  const known = (values: (number | null)[]): number[] =>
    values.filter((value): value is number => value !== null);
  const lows = channels.flatMap((c) => known(shownIn(c, c.low)));
  const highs = channels.flatMap((c) => known(shownIn(c, c.high)));
  const written = (values: number[], of: (a: number, b: number) => number): string =>
    values.length ? Number(values.reduce((a, b) => of(a, b)).toPrecision(3)).toString() : "–";
  return { low: written(lows, Math.min), high: written(highs, Math.max) };
}

// Values in the unit that they are printed in.
function shownIn({ unit: code }: Overview["streams"][number], values: (number | null)[]): (number | null)[] {
  const share = shownShare(code);
  return share === 1 ? values : values.map((value) => (value === null ? null : value * share));
}

function envelope(stroke: string): uPlot.Series[] {
  const line = { stroke, width: 1, points: { show: false }, spanGaps: false };
  return [line, { ...line }];
}

function faded(colour: string): string {
  return `color-mix(in srgb, ${colour} 45%, transparent)`;
}
