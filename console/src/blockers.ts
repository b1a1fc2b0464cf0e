// Why something can't be done or shown, in the page's own words.
import type { Blocker } from "./types";
import { signal, tAny } from "./words";

export function blockerInWords(blocker: Blocker): string {
  const about = blocker.code === "missing_stream" ? signal(blocker.about) : blocker.about;
  return tAny([`blocker.${blocker.code}`], blocker.text || blocker.code, { about });
}

export function codeInWords(code: string): string {
  return tAny([`blocker.${code}`], code.charAt(0).toUpperCase() + code.slice(1));
}

