// What is said of a recording in lists.
import type { Context } from "../screen";
import type { SessionFacts } from "../types";
import { inLanguage } from "../words";

// Waits to be recovered.
export function isCutOff(facts: SessionFacts): boolean {
  return !facts.closed && !facts.recording && !facts.sealed && facts.recovered_as === "";
}

// Made from a recording that was cut off: recovery names it so.
export function isRecovered(facts: SessionFacts): boolean {
  return facts.name.endsWith("-recovered");
}

export function protocolTitle(context: Context, name: string): string {
  const known = context.desk.protocols.find((protocol) => protocol.name === name);
  return known ? inLanguage(known.title) : name || "–";
}
