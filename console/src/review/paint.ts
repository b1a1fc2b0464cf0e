// What is painted into each plot besides its signal: phases beneath, gaps, artefacts and markers above.
import type uPlot from "uplot";
import { colour } from "../theme";
import type { Range } from "./range";

export interface Marks {
  phases: Range[];
  gaps: Range[];
  artefacts: Range[];
  markers: { at: number; label: string }[];
}

export interface Colours {
  ink: string;
  surface: string;
  muted: string;
  rule: string;
  band: string;
  bad: string;
  accent: string;
  lines: string[];
}

export function coloursNow(): Colours {
  return {
    ink: colour("--ink"),
    surface: colour("--surface"),
    muted: colour("--muted"),
    rule: colour("--rule"),
    band: colour("--raised"),
    bad: colour("--bad"),
    accent: colour("--accent"),
    lines: ["--line-1", "--line-2", "--line-3"].map(colour),
  };
}

const HATCH_PX = 7;

// Every other phase stands on a tinted ground.
export function paintPhases(u: uPlot, marks: Marks, colours: Colours): void {
  inPlot(u, (context) => {
    context.fillStyle = colours.band;
    marks.phases.forEach((phase, i) => {
      if (i % 2) fillRange(u, phase);
    });
    context.strokeStyle = colours.muted;
    context.setLineDash([2 * ratio(u), 3 * ratio(u)]);
    for (const phase of marks.phases) line(u, phase.from);
  });
}

export function paintMarks(u: uPlot, marks: Marks, colours: Colours, named: boolean): void {
  inPlot(u, (context) => {
    context.lineWidth = ratio(u);
    context.strokeStyle = colours.muted;
    for (const gap of marks.gaps) hatch(u, gap, 1);
    for (const artefact of marks.artefacts) paintArtefact(u, artefact, colours);
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.5 * ratio(u);
    let free = -Infinity;
    for (const { at, label } of marks.markers) {
      line(u, at);
      if (named) free = flag(u, at, label, free, colours);
    }
  });
}

// A tinted box with a solid edge and a cross on it: told from a gap by shape, not by colour alone.
function paintArtefact(u: uPlot, range: Range, colours: Colours): void {
  const context = u.ctx;
  const { left, width } = span(u, range);
  context.save();
  context.globalAlpha = 0.16;
  context.fillStyle = colours.bad;
  fillRange(u, range);
  context.restore();
  context.strokeStyle = colours.bad;
  context.lineWidth = 2 * ratio(u);
  context.strokeRect(left, u.bbox.top + ratio(u), width, u.bbox.height - 2 * ratio(u));
  const r = 4 * ratio(u);
  const [x, y] = [left + width / 2, u.bbox.top + 4 * r];
  if (width < 3 * r) return;
  context.beginPath();
  context.moveTo(x - r, y - r);
  context.lineTo(x + r, y + r);
  context.moveTo(x - r, y + r);
  context.lineTo(x + r, y - r);
  context.stroke();
}

// Writes a marker's label beside its line where there is room; gives where the next may begin.
function flag(u: uPlot, at: number, label: string, free: number, colours: Colours): number {
  const context = u.ctx;
  const px = ratio(u);
  const x = u.valToPos(at, "x", true);
  if (x < u.bbox.left || x < free) return free;
  context.font = `${12 * px}px system-ui, sans-serif`;
  context.textBaseline = "top";
  context.textAlign = "left";
  const width = context.measureText(label).width;
  context.fillStyle = colours.surface;
  context.fillRect(x + px, u.bbox.top + px, width + 7 * px, 17 * px);
  context.fillStyle = colours.ink;
  context.fillText(label, x + 4 * px, u.bbox.top + 3 * px);
  return x + width + 14 * px;
}

function hatch(u: uPlot, range: Range, slope: number): void {
  const context = u.ctx;
  const { left, width } = span(u, range);
  const { top, height } = u.bbox;
  const step = HATCH_PX * ratio(u);
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.beginPath();
  for (let x = left - height; x < left + width + height; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + slope * height, top);
  }
  context.stroke();
  context.restore();
}

function inPlot(u: uPlot, paint: (context: CanvasRenderingContext2D) => void): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  paint(u.ctx);
  u.ctx.restore();
}

function span(u: uPlot, range: Range): { left: number; width: number } {
  const to = Math.min(range.to, u.scales.x?.max ?? range.to); // what isn't over has no end
  const left = u.valToPos(range.from, "x", true);
  return { left, width: Math.max(2 * ratio(u), u.valToPos(to, "x", true) - left) };
}

function fillRange(u: uPlot, range: Range): void {
  const { left, width } = span(u, range);
  u.ctx.fillRect(left, u.bbox.top, width, u.bbox.height);
}

function line(u: uPlot, at: number): void {
  const x = u.valToPos(at, "x", true);
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
}

function ratio(u: uPlot): number {
  return u.ctx.canvas.width / Math.max(1, u.width);
}
