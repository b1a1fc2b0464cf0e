// What the page knows about kinds of streams: how they are drawn, how their numbers are written.
import { Plot, type PlotFacts } from "./plot";
import type { Live } from "./live";
import type { StreamView, View } from "./types";
import { number, signal, span, t, unit } from "./words";

// So that the noise of a quiet signal doesn't fill the axis (engineering choices).
const LEAST_SPAN: Record<string, number> = { eda: 0.2, temp: 0.5, hr: 10, acc: 0.4, ibi: 0.1 };

export interface StreamPlot {
  plot: Plot;
  index: number; // of the stream
}

export function plotOf(stream: StreamView, look: PlotFacts["look"], height: number): Plot {
  return new Plot({
    label: t("plot.label", { signal: signal(stream.kind) }),
    n_channels: stream.channels.length,
    regular: stream.sampling_rate !== null,
    least_span: LEAST_SPAN[stream.kind] ?? 1e-6,
    look,
    height,
  });
}

export function isReal(view: View, stream: StreamView): boolean {
  return view.devices.find((device) => device.name === stream.device)?.real ?? true;
}

// From then on the latest value is an old one: as the lights have it.
const SILENT_S = 5;
const SILENT_IRREGULAR_S = 15;

// For how long nothing has come, where that is too long; null: the latest value is a new one.
export function silentFor(stream: StreamView, now_s: number): number | null {
  const silent_s = now_s - (stream.last_s ?? 0);
  const rate = stream.sampling_rate;
  const patience_s = rate === null ? SILENT_IRREGULAR_S : Math.max(SILENT_S, 2 / rate);
  return silent_s > patience_s ? silent_s : null;
}

// Whether a device is there, and yet none of its streams says anything.
export function isMute(view: View, device: string): boolean {
  const own = view.streams.filter((stream) => stream.device === device);
  return own.length > 0 && own.every((stream) => silentFor(stream, view.now_s) !== null);
}

// The latest value, or for how long there has been none; nothing where it can't be known.
export function valueNow(live: Live, stream: StreamView): string {
  if (live.gone) return "";
  const [view, ring] = [live.view, live.rings.get(stream.index)];
  const silent_s = view?.connection === "recording" ? silentFor(stream, view.now_s) : null;
  if (silent_s !== null) return t("signal.silent", { time: span(silent_s) });
  return latestValue(stream, ring?.values[0]?.[ring.length - 1]);
}

// The latest value with its unit; several channels: nothing, they aren't read as numbers.
function latestValue(stream: StreamView, value: number | undefined): string {
  if (stream.channels.length !== 1 || value === undefined || !Number.isFinite(value)) return "";
  const size = Math.abs(value);
  const told = number(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return `${told} ${unit(stream.channels[0]?.unit ?? "")}`.trim();
}

export function streamTitle(stream: StreamView, all: StreamView[]): string {
  const alone = all.filter((other) => other.kind === stream.kind).length === 1;
  return alone ? signal(stream.kind) : `${signal(stream.kind)} · ${stream.device}`;
}
