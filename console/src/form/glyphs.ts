// Our own small drawings at the ends of the affect sliders, in the colour of the text around them.

import { svg } from "../dom";

type Shape = [tag: "path" | "circle" | "line", facts: Record<string, string | number>];
export type Dimension = "valence" | "arousal" | "dominance";
export type End = "low" | "high";

const HEAD: Shape[] = [
  ["path", { d: "M24 5 C37 5 43 13 43 24 C43 36 36 43 24 43 C12 43 5 36 5 24 C5 13 11 5 24 5 Z" }],
  ["path", { d: "M17 18 v3.5" }],
  ["path", { d: "M31 18 v3.5" }],
];

const SHAPES: Record<Dimension, Record<End, Shape[]>> = {
  valence: {
    low: [...HEAD, ["path", { d: "M15.5 34 C19 28.5 29 28.5 32.5 34" }]],
    high: [...HEAD, ["path", { d: "M14.5 29 C18.5 36.5 29.5 36.5 33.5 29" }]],
  },
  arousal: {
    low: [
      ["path", { d: "M7 21 C13 15 18 15 24 21 C30 27 35 27 41 21" }],
      ["path", { d: "M13 31 C17 27.5 20 27.5 24 31 C28 34.5 31 34.5 35 31" }],
    ],
    high: [
      ["path", { d: burst(10) }],
      ["circle", { cx: 24, cy: 24, r: 2.5 }],
    ],
  },
  dominance: { low: figure(0.5), high: figure(1) },
};

// The glyph of one end of a dimension. It only decorates: the words beside it tell.
export function glyph(dimension: Dimension, end: End): SVGSVGElement {
  const shapes = SHAPES[dimension][end].map(([tag, facts]) => svg(tag, facts));
  return svg(
    "svg",
    { viewBox: "0 0 48 48", class: "glyph", "aria-hidden": "true", focusable: "false" },
    shapes,
  );
}

// A star that flies apart: its spikes are of unequal length.
function burst(spikes: number): string {
  const points = Array.from({ length: 2 * spikes }, (_, i) => {
    const angle = (i / spikes) * Math.PI - Math.PI / 2;
    const r = i % 2 ? 10.5 : i % 4 ? 17.5 : 22.5;
    return `${(24 + r * Math.cos(angle)).toFixed(2)} ${(24 + r * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${points.join(" L")} Z`;
}

// Somebody standing on the ground, as tall as `size` of the drawing.
function figure(size: number): Shape[] {
  const ground = 44;
  const at = (x: number, y: number) =>
    `${(24 + (x - 24) * size).toFixed(2)} ${(ground - (ground - y) * size).toFixed(2)}`;
  const body =
    `M${at(14, 44)} L${at(14, 27)} C${at(14, 21)} ${at(18, 19)} ${at(24, 19)} ` +
    `C${at(30, 19)} ${at(34, 21)} ${at(34, 27)} L${at(34, 44)}`;
  const head = { cx: 24, cy: (ground - 33 * size).toFixed(2), r: (6.5 * size).toFixed(2) };
  return [
    ["circle", head],
    ["path", { d: body }],
    ["path", { d: "M5 44 H43" }],
  ];
}
