// The arithmetic of a slider: values between two ends, steps of the keys, and words for a place.

export interface Scale {
  least: number;
  most: number;
  step: number; // 0: any value
}

// Codes of the words for a place, from one end to the other: see form.place.*
export type Place = { code: "end" | "near" | "rather" | "little" | "middle"; high: boolean };

const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -5,
  PageUp: 5,
};
const FINE = 1 / 50; // a key's part of a scale without steps (engineering choice)

// Give the value at a part, 0 to 1, of the way from one end to the other.
export function valueAt(scale: Scale, part: number): number {
  const within = Math.min(1, Math.max(0, part));
  return onStep(scale, scale.least + within * (scale.most - scale.least));
}

// Give the part of the way at which a value stands.
export function partOf(scale: Scale, value: number): number {
  return Math.min(1, Math.max(0, (value - scale.least) / (scale.most - scale.least)));
}

// Give the value that a key leads to, or null where the key means nothing here.
export function valueAfter(scale: Scale, value: number, key: string): number | null {
  if (key === "Home") return scale.least;
  if (key === "End") return onStep(scale, scale.most);
  const steps = KEYS[key];
  if (steps === undefined) return null;
  const by = scale.step || (scale.most - scale.least) * FINE;
  return onStep(scale, Math.min(scale.most, Math.max(scale.least, value + steps * by)));
}

// Say in which words a place lies; the ends themselves are the form's.
export function placeOf(part: number): Place {
  const off = Math.abs(part - 0.5) * 2;
  const high = part > 0.5;
  if (off >= 0.98) return { code: "end", high };
  if (off >= 0.75) return { code: "near", high };
  if (off >= 0.4) return { code: "rather", high };
  return { code: off >= 0.08 ? "little" : "middle", high };
}

function onStep(scale: Scale, value: number): number {
  if (!scale.step) return Math.round(value * 1e6) / 1e6;
  const last = Math.floor((scale.most - scale.least) / scale.step + 1e-9);
  const steps = Math.min(last, Math.round((value - scale.least) / scale.step));
  return scale.least + steps * scale.step;
}
