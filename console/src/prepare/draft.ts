// What was filled in so far; it outlives a change of language, and a look at the recordings.
import type { Desk, DeviceChoice, ProtocolFacts, SittingPlan } from "../types";

export interface Draft {
  typed: string;
  foreign: boolean;
  code: string; // checked by the server; empty: not yet
  protocol: string;
  setting: string;
  purpose: string;
  grounds: string;
  recording: boolean;
  estimates: boolean;
  sharing: boolean;
  document: string;
  keep_days: string;
  devices: string[];
  found: DeviceChoice[];
  model: string;
  rest_from: string;
}

export function emptyDraft(desk: Desk): Draft {
  return {
    typed: "",
    foreign: false,
    code: "",
    protocol: desk.protocols[0]?.name ?? "",
    setting: "",
    purpose: "",
    grounds: "",
    recording: false,
    estimates: false,
    sharing: false,
    document: "",
    keep_days: "",
    devices: [],
    found: [],
    model: desk.models[0]?.name ?? "",
    rest_from: "",
  };
}

export type Step = "participant" | "protocol" | "purpose" | "consent" | "devices";
export const STEPS: Step[] = ["participant", "protocol", "purpose", "consent", "devices"];

const BARRED = ["workplace", "education"]; // as IntendedUse has it; the server decides
const EXCEPTED = ["medical", "safety"];

// Whether estimates would be withheld for the setting, and whether grounds alone would do.
export function barred(draft: Draft): "" | "purpose" | "grounds" {
  if (!BARRED.includes(draft.setting) || !draft.purpose) return "";
  if (!EXCEPTED.includes(draft.purpose)) return "purpose";
  return draft.grounds.trim() ? "" : "grounds";
}

export function isDone(draft: Draft, step: Step): boolean {
  if (step === "participant") return draft.code !== "";
  if (step === "protocol") return draft.protocol !== "";
  if (step === "purpose") return draft.setting !== "" && draft.purpose !== "";
  if (step === "consent") return draft.recording && daysFit(draft.keep_days);
  return draft.devices.length > 0;
}

export function daysFit(text: string): boolean {
  return text.trim() === "" || /^[1-9]\d{0,4}$/.test(text.trim());
}

export function protocolOf(draft: Draft, desk: Desk): ProtocolFacts | undefined {
  return desk.protocols.find((protocol) => protocol.name === draft.protocol);
}

export function planOf(draft: Draft): SittingPlan {
  return {
    participant: draft.code,
    foreign: draft.foreign,
    protocol: draft.protocol,
    devices: draft.devices,
    model: draft.model,
    use: { setting: draft.setting, purpose: draft.purpose, grounds: draft.grounds.trim() },
    consent: {
      recording: draft.recording,
      estimates: draft.estimates,
      sharing: draft.sharing,
      document: draft.document.trim(),
      keep_days: draft.keep_days.trim() ? Number(draft.keep_days) : null,
    },
    rest_from: draft.rest_from,
  };
}
