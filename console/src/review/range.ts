// The stretch of time that is shown: zoomed, panned, and brushed. Times are seconds since the start.

import { clock } from "../words";

export interface Range {
  from: number;
  to: number;
}

// Zoom about a time that stays where it is, never beyond the whole nor closer than `least_s`.
export function zoomed(shown: Range, whole: Range, factor: number, about: number, least_s: number): Range {
  const length = Math.min(whole.to - whole.from, Math.max(least_s, (shown.to - shown.from) * factor));
  const part = (about - shown.from) / (shown.to - shown.from);
  return within({ from: about - part * length, to: about + (1 - part) * length }, whole);
}

// Move by a part of what is shown.
export function panned(shown: Range, whole: Range, part: number): Range {
  const by = part * (shown.to - shown.from);
  return within({ from: shown.from + by, to: shown.to + by }, whole);
}

// Shift a range into the whole, and cut it where it is longer.
export function within(range: Range, whole: Range): Range {
  const length = Math.min(range.to - range.from, whole.to - whole.from);
  const from = Math.min(Math.max(range.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

// Give the stretch between two places on a plot, in seconds to the hundredth, or null if it's a click.
export function brushed(a_px: number, b_px: number, width_px: number, shown: Range): Range | null {
  if (Math.abs(a_px - b_px) < 4 || width_px <= 0) return null;
  const at = (px: number) =>
    shown.from + (Math.min(width_px, Math.max(0, px)) / width_px) * (shown.to - shown.from);
  const [from, to] = [at(Math.min(a_px, b_px)), at(Math.max(a_px, b_px))];
  return { from: Math.round(from * 100) / 100, to: Math.round(to * 100) / 100 };
}

// Find the stretches without samples in an envelope.
export function holes(low: (number | null)[], step_s: number): Range[] {
  const found: Range[] = [];
  let start = -1;
  for (let i = 0; i <= low.length; i++) {
    const missing = i < low.length && low[i] === null;
    if (missing && start < 0) start = i;
    if (!missing && start >= 0) {
      found.push({ from: start * step_s, to: i * step_s });
      start = -1;
    }
  }
  return found;
}

// Join what overlaps or touches, in order of time.
export function joined(ranges: Range[]): Range[] {
  const found: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else found.push({ ...range });
  }
  return found;
}

// Read a time as somebody types it: "75", "75.5", "1:15", "1:02:03.5"; null: it isn't one.
export function secondsOf(typed: string): number | null {
  const text = typed.trim().replace(",", ".");
  if (!/^(?:\d+:)?(?:\d+:)?\d+(?:\.\d+)?$/.test(text)) return null;
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

// Write a time as m:ss.t or h:mm:ss.t; secondsOf reads it again.
export function tenths(time_s: number): string {
  const whole = Math.round(Math.max(0, time_s) * 10);
  return `${clock(Math.floor(whole / 10))}.${whole % 10}`;
}
