// One stream's last seconds, drawn by uPlot straight from its ring. Gaps stay gaps, in a hatched band.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h } from "./dom";
import type { Ring } from "./ring";
import { colour } from "./theme";
import { number, t } from "./words";

export const WINDOW_S = 30;
const SILENT_S = 2; // from then on a stream that stops is shown as a gap at the right edge
const SHRINK_FROM = 0.5; // a range becomes narrower once the signal fills less than this share of it
const LINES = ["--line-1", "--line-2", "--line-3"];

export interface PlotFacts {
  label: string; // for who can't see it
  n_channels: number;
  regular: boolean; // false: single values, drawn as points
  least_span: number; // of the y axis, so that noise isn't blown up
  look: "axes" | "values" | "line"; // with both axes, without the time axis, with none
  height: number;
}

export class Plot {
  readonly element: HTMLElement;
  private readonly plot: uPlot;
  private readonly resizing: ResizeObserver;
  private low = NaN;
  private high = NaN;
  private gaps: [number, number][] = [];
  private seen = true; // scrolled out of sight: not drawn
  private readonly watching: IntersectionObserver;

  constructor(private readonly facts: PlotFacts) {
    this.element = h("div", {
      class: "plot",
      role: "img",
      "aria-label": facts.label,
      style: { "min-height": `${facts.height}px` },
    });
    this.plot = new uPlot(options(facts, (u) => this.drawGaps(u)), empty(facts.n_channels), this.element);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.element);
    this.watching = new IntersectionObserver((found) => (this.seen = found.at(-1)?.isIntersecting ?? true));
    this.watching.observe(this.element);
  }

  destroy(): void {
    this.resizing.disconnect();
    this.watching.disconnect();
    this.plot.destroy();
  }

  draw(ring: Ring | undefined, now_s: number): void {
    if (!this.seen) return;
    const start_s = now_s - WINDOW_S;
    const from = ring ? Math.max(0, ring.from(start_s) - 1) : 0;
    const times = ring ? ring.times.subarray(from, ring.length) : new Float64Array(0);
    const values = ring ? ring.values.map((held) => held.subarray(from, ring.length)) : [];
    this.findRange(values);
    this.gaps = ring ? gapsIn(times, values[0], now_s, this.facts.regular) : [];
    const low = Number.isNaN(this.low) ? 0 : this.low;
    const high = Number.isNaN(this.high) ? 1 : this.high;
    this.plot.batch(() => {
      if (ring) this.plot.setData([times, ...values] as uPlot.AlignedData, false);
      this.plot.setScale("x", { min: start_s, max: now_s });
      this.plot.setScale("y", { min: low, max: high });
    });
  }

  // Wider at once, narrower only when much of it is empty: an axis that never stands still can't be read.
  private findRange(values: Float32Array[]): void {
    let [low, high] = [Infinity, -Infinity];
    for (const held of values)
      for (const v of held) {
        if (v < low) low = v;
        if (v > high) high = v;
      }
    if (low > high) return;
    const room = Math.max((high - low) * 0.15, (this.facts.least_span - (high - low)) / 2);
    const narrow = high - low + 2 * room < SHRINK_FROM * (this.high - this.low);
    const fits = low >= this.low && high <= this.high && !narrow; // false at first: NaN
    if (!fits) [this.low, this.high] = [low - room, high + room];
  }

  private resize(): void {
    const width = this.element.clientWidth;
    const height = this.facts.look === "line" ? this.facts.height : Math.max(this.element.clientHeight, this.facts.height);
    if (width && (width !== this.plot.width || height !== this.plot.height)) this.plot.setSize({ width, height });
  }

  private drawGaps(u: uPlot): void {
    u.ctx.lineJoin = "bevel"; // uPlot's round joins cost a fifth of the drawing
    if (!this.gaps.length) return;
    const { ctx, bbox } = u;
    ctx.save();
    ctx.fillStyle = hatch(ctx);
    for (const [start_s, end_s] of this.gaps) {
      const left = Math.max(u.valToPos(start_s, "x", true), bbox.left);
      const right = Math.min(u.valToPos(end_s, "x", true), bbox.left + bbox.width);
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  }
}

function empty(n_channels: number): uPlot.AlignedData {
  return [new Float64Array(0), ...Array.from({ length: n_channels }, () => new Float32Array(0))] as uPlot.AlignedData;
}

function gapsIn(times: Float64Array, first: Float32Array | undefined, now_s: number, regular: boolean): [number, number][] {
  const found: [number, number][] = [];
  if (!first || !times.length || !regular) return found;
  for (let i = 0; i < first.length; i++)
    if (Number.isNaN(first[i] ?? 0)) found.push([times[i - 1] ?? times[i] ?? 0, times[i + 1] ?? now_s]);
  const last_s = times[times.length - 1] ?? now_s;
  if (now_s - last_s > SILENT_S) found.push([last_s, now_s]);
  return found;
}

function options(facts: PlotFacts, drawGaps: (u: uPlot) => void): uPlot.Options {
  const muted = colour("--muted");
  const grid = { stroke: colour("--rule"), width: 1 };
  const labels = [...[30, 20, 10].map((n) => t("plot.ago", { n })), t("plot.now")];
  const font = "12px system-ui, sans-serif";
  const axis = { stroke: muted, grid, ticks: { show: false }, font, show: facts.look !== "line" };
  return {
    width: 300,
    height: facts.height,
    cursor: { show: false },
    legend: { show: false },
    padding: facts.look === "line" ? [4, 0, 4, 0] : [8, 12, facts.look === "values" ? 6 : 0, 0],
    scales: { x: { time: false, auto: false }, y: { auto: false } },
    axes: [
      {
        ...axis,
        size: facts.look === "axes" ? 22 : 0,
        splits: (u) => [30, 20, 10, 0].map((ago) => (u.scales.x?.max ?? 0) - ago),
        values: () => (facts.look === "axes" ? labels : []),
      },
      { ...axis, size: 56, space: 20, values: (_, splits) => splits.map((v) => number(v, digits(splits))) },
    ],
    series: [
      {},
      ...Array.from({ length: facts.n_channels }, (_, i) => ({
        stroke: colour(LINES[i % LINES.length] ?? "--line-1"),
        width: facts.n_channels > 1 ? 1.25 : 1.6,
        paths: trace,
        points: { show: !facts.regular, size: 5 },
      })),
    ],
    hooks: { drawAxes: [drawGaps] },
  };
}

function digits(splits: number[]): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  return step >= 1 || step === 0 ? 0 : Math.min(4, Math.ceil(-Math.log10(step)));
}

// A line that breaks at NaN; where several samples fall on a pixel, only its lowest and highest.
const trace: uPlot.Series.PathBuilder = (u, index, from, to) => {
  const [times, values] = [u.data[0] as unknown as Float64Array, u.data[index] as unknown as Float32Array];
  const { left, top, width, height } = u.bbox;
  const [x, y] = [u.scales.x, u.scales.y];
  const [x0, y0] = [x?.min ?? 0, y?.min ?? 0];
  const [sx, sy] = [width / ((x?.max ?? 1) - x0), height / ((y?.max ?? 1) - y0)];
  const stroke = new Path2D();
  const thin = to - from > 2 * width;
  let [pen, column, low, high] = [false, -1, 0, 0];
  const flush = (): void => {
    if (column < 0) return;
    stroke.lineTo(column, low);
    if (high !== low) stroke.lineTo(column, high);
    column = -1;
  };
  for (let i = from; i <= to; i++) {
    const v = values[i] ?? NaN;
    if (Number.isNaN(v)) {
      flush();
      pen = false;
      continue;
    }
    const px = left + ((times[i] ?? 0) - x0) * sx;
    const py = top + height - (v - y0) * sy;
    if (!pen) stroke.moveTo(px, py);
    else if (!thin) stroke.lineTo(px, py);
    pen = true;
    if (!thin) continue;
    if (column >= 0 && Math.floor(px) === Math.floor(column)) {
      low = Math.min(low, py);
      high = Math.max(high, py);
    } else {
      flush();
      [column, low, high] = [px, py, py];
    }
  }
  flush();
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 1 } as unknown as uPlot.Series.Paths;
};

let pattern: { of: string; made: CanvasPattern } | null = null;

function hatch(ctx: CanvasRenderingContext2D): CanvasPattern | string {
  const ink = document.documentElement.dataset.theme ?? String(matchMedia("(prefers-color-scheme: dark)").matches);
  if (pattern?.of === ink) return pattern.made;
  const tile = h("canvas", { width: 10, height: 10 });
  const pen = tile.getContext("2d");
  if (!pen) return "transparent";
  pen.strokeStyle = colour("--look");
  pen.globalAlpha = 0.45;
  pen.lineWidth = 2;
  for (const shift of [-10, 0, 10]) {
    pen.moveTo(shift, 10);
    pen.lineTo(shift + 10, 0);
  }
  pen.stroke();
  const made = ctx.createPattern(tile, "repeat");
  if (!made) return "transparent";
  pattern = { of: ink, made };
  return made;
}
