// What the page knows about kinds of streams: how they are drawn, how their numbers are written.
import { Plot, type PlotFacts } from "./plot";
import type { StreamView, View } from "./types";
import { number, signal, t, unit } from "./words";

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

// The latest value with its unit; several channels: nothing, they aren't read as numbers.
export function latestValue(stream: StreamView, value: number | undefined): string {
  if (stream.channels.length !== 1 || value === undefined || !Number.isFinite(value)) return "";
  const size = Math.abs(value);
  const told = number(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return `${told} ${unit(stream.channels[0]?.unit ?? "")}`.trim();
}

export function streamTitle(stream: StreamView, all: StreamView[]): string {
  const alone = all.filter((other) => other.kind === stream.kind).length === 1;
  return alone ? signal(stream.kind) : `${signal(stream.kind)} · ${stream.device}`;
}
