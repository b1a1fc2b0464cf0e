// The catalogue: words/<part>.<language>.json, flat keys, {name} where a value goes. A key with
// ".one" beside it is for n = 1.
import type { Text } from "./types";

export type Language = "en" | "de";
export const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch" };

const files = import.meta.glob<Record<string, string>>("./words/*.json", {
  eager: true,
  import: "default",
});
const catalogue: Record<Language, Record<string, string>> = { en: {}, de: {} };
for (const [path, words] of Object.entries(files))
  Object.assign(catalogue[path.endsWith(".de.json") ? "de" : "en"], words);

let current: Language = read();
document.documentElement.lang = current;

function read(): Language {
  const told = localStorage.getItem("language") ?? navigator.language.slice(0, 2);
  return told === "de" ? "de" : "en";
}

export function language(): Language {
  return current;
}

// Only sets it: the shell draws the screen anew.
export function setLanguage(told: Language): void {
  current = told;
  localStorage.setItem("language", told);
  document.documentElement.lang = told;
}

export type Values = Record<string, string | number>;

export function has(key: string): boolean {
  return key in catalogue[current] || key in catalogue.en;
}

export function t(key: string, values: Values = {}): string {
  const one = values.n === 1 && has(`${key}.one`) ? `${key}.one` : key;
  const text = catalogue[current][one] ?? catalogue.en[one] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// The first of the keys that has words, else the text that is there.
export function tAny(keys: string[], otherwise: string, values: Values = {}): string {
  const found = keys.find(has);
  return found ? t(found, values) : otherwise;
}

export function inLanguage(text: Text): string {
  return text[current] ?? text.en ?? Object.values(text)[0] ?? "";
}

// As this computer writes dates and numbers, where it speaks the language.
function locale(): string {
  if (navigator.language.startsWith(current)) return navigator.language;
  return current === "en" ? "en-GB" : current;
}

export function number(value: number, digits = 0): string {
  return value
    .toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace("-", "−");
}

export function percent(share: number): string {
  return `${number(share * 100)} %`;
}

// To the nearest second: 75 -> "1:15", 3700 -> "1:01:40"
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${hours ? two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

// 300 -> "5 min", 90 -> "1 min 30 s"
export function span(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h) return m ? `${h} h ${m} min` : `${h} h`;
  return s ? `${m} min ${s} s` : `${m} min`;
}

export function bytes(count: number): string {
  const unit = count >= 1e9 ? 3 : count >= 1e6 ? 2 : count >= 1e3 ? 1 : 0;
  const value = count / 1000 ** unit;
  return `${number(value, unit && value < 10 ? 1 : 0)} ${["B", "kB", "MB", "GB"][unit]}`;
}

export function day(iso: string): string {
  const when = new Date(iso);
  return Number.isNaN(when.getTime()) ? "–" : when.toLocaleDateString(locale(), { dateStyle: "medium" });
}

export function moment(iso: string): string {
  const when = new Date(iso);
  if (Number.isNaN(when.getTime())) return "–";
  return when.toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}

// Date and time of this computer now, with seconds.
export function clockTime(): string {
  return new Date().toLocaleString(locale(), { dateStyle: "medium", timeStyle: "medium" });
}

// Unit codes of the recording, as they are printed.
const UNITS: Record<string, string> = { uS: "µS", uV: "µV", degC: "°C", "m/s2": "m/s²", "1/min": "/min", "1": "", "g/64": "g" };

export function unit(code: string): string {
  return UNITS[code] ?? code;
}

// What a value in this unit is multiplied with to be printed in the unit's printed form.
export function shownShare(code: string): number {
  return code === "g/64" ? 1 / 64 : 1;
}

export function signal(kind: string): string {
  return tAny([`signal.${kind}`], kind.toUpperCase());
}
