// What the server says and takes: the contract between wearaffect/clinic/console and this page.
// Times are seconds since the recording's start (`_s`), never host nanoseconds.

export type Role = "operator" | "viewer" | "participant";
export type Text = Record<string, string>; // language code to text

export interface Problem {
  // the body of every answer that isn't 2xx: {"error": Problem}
  name: string; // class of the error, such as SittingError
  what: string;
  expected: string;
  got: string;
  remedy: string;
  suggestions?: string[]; // participant codes that were perhaps meant
  blockers?: Blocker[]; // why a sitting can't start
}

// ---- what is at hand: GET /api/desk

export interface Desk {
  version: string;
  role: Role;
  languages: string[]; // of the catalogue, the default first
  protocols: ProtocolFacts[];
  forms: { name: string; title: Text }[];
  devices: DeviceChoice[]; // those that are always there; POST /api/scan finds more
  models: ModelChoice[]; // empty: nothing estimates
  settings: string[]; // of IntendedUse.setting
  purposes: string[]; // of IntendedUse.purpose
  site: string; // of the participant codes
  folder: string; // where recordings go
  disk: DiskFacts;
  encrypted: boolean | null; // whether that folder's disk is; null: can't be told
  sealing: boolean; // whether recordings are sealed to a recipient's key
  sessions: SessionFacts[]; // newest first
}

export interface DiskFacts {
  free_bytes: number;
  hours_left: number | null; // at the rate of the streams that are there; null: none is
}

export interface ProtocolFacts {
  name: string;
  title: Text;
  source: string;
  planned_s: number;
  streams: string[];
  enrols: boolean;
  phases: PhaseFacts[];
  forms: string[];
}

export interface PhaseFacts {
  name: string;
  title: Text;
  instructions: Text;
  length_s: number | null; // null: until somebody goes on
  enrols: boolean;
  streams: string[];
  forms: string[];
  markers: { key: string; label: string }[];
}

export interface DeviceChoice {
  uri: string;
  title: string; // such as "Polar H10 8C4A2B" or "Synthetic wearable (no hardware)"
  detail: string; // such as "rssi -60 dBm"
  real: boolean; // false: synthetic or a replay; the page must say so wherever its signal stands
}

export interface ModelChoice {
  name: string;
  id: string;
  licence: string;
  intended_use: string;
  not_for: string;
}

export interface SessionFacts {
  name: string; // of its folder; the {name} in paths
  participant: string;
  protocol: string;
  started: string; // ISO 8601 with offset; empty: unknown
  length_s: number | null;
  bytes: number;
  closed: boolean;
  recording: boolean; // it is the one being recorded now
  sealed: boolean;
  recovered_as: string; // name of the session that was made from it; empty: none
  has_report: boolean;
  has_enrolment: boolean; // its resting state can be reused for the same participant
  sharing: boolean | null; // whether the participant agreed that data leave the site; null: not known
  erase_on: string; // ISO date until which consent lets it be kept; empty: no date
}

// ---- a sitting: POST /api/sitting (SittingPlan -> View), GET /api/sitting -> View | null

export interface SittingPlan {
  participant: string; // as typed; must be a code
  foreign: boolean; // take codes that weren't issued here
  protocol: string;
  devices: string[]; // URIs
  model: string; // empty: nothing estimates
  use: { setting: string; purpose: string; grounds: string };
  consent: Consent;
  rest_from: string; // name of an earlier session; empty: rest is taken in this one
}

export interface Consent {
  recording: boolean;
  estimates: boolean;
  sharing: boolean;
  document: string;
  keep_days: number | null;
}

export type Stage = "prepare" | "run" | "self_report" | "review" | "closed";
export type Light = "ok" | "look" | "bad" | "waiting";

export interface View {
  n: number; // grows with each view
  now_s: number;
  wall: string; // wall clock now, ISO 8601
  wall_start: string; // of second zero
  name: string; // of the session folder
  participant: string;
  protocol: ProtocolFacts;
  stage: Stage;
  connection: "connecting" | "recording" | "ended" | "failed" | "off";
  trouble: Problem[]; // the disk, a device; what is safe and what to do stands in remedy
  use: { setting: string; purpose: string; grounds: string; sentence: string };
  consent: Consent;
  blockers: Blocker[]; // why it can't start; empty: it can
  waived: Record<string, string>; // kind to reason
  phases: PhaseView[];
  current: number | null; // index of the phase that runs
  upcoming: number | null;
  streams: StreamView[];
  devices: DeviceView[];
  gaps: GapView[]; // the latest 50, oldest first
  n_gaps: number;
  markers: MarkerView[];
  heard: { time_s: number; label: string }[]; // markers that devices or LSL sent, latest 50
  artefacts: ArtefactView[];
  pages: PageView[]; // self-report
  due_forms: [phase: string, form: string][];
  resting: { taken_s: number; session: string } | null; // session: earlier one it comes from
  rest_problem: string; // why the rest that was held doesn't serve; empty: it does or isn't over
  withheld_because: Blocker[]; // empty: estimates may be shown
  outcome: Outcome | null; // the latest, as it may be shown
  model: string; // id; empty: none
  disk: DiskFacts;
  journal: { behind_s: number; n_kept: number; n_unkept: number };
  closing: { step: string; done: boolean; problem: Problem | null } | null; // see Closing steps
  closed: Closed | null;
}

// Sentences that the page words itself: code and what it is about.
export interface Blocker {
  code: string; // no_consent | missing_stream | use_not_stated | use_barred | no_estimate_consent |
  //               no_rest | rest_not_over | rest_left_out | no_rest_phase | no_model
  about: string; // such as the kind of stream, or the phase's name
  text: string; // in English, for whoever has no words for the code
}

export interface PhaseView {
  name: string;
  began_s: number | null;
  ended_s: number | null;
  due_s: number | null;
  skipped: string; // reason
  cut_short: string; // reason
}

export interface StreamView {
  index: number; // as in samples frames
  id: string;
  kind: string;
  device: string;
  channels: { name: string; unit: string }[];
  sampling_rate: number | null; // Hz
  light: Light;
  reasons: string[]; // codes such as off_skin, worst first; words: advice.<kind>.<reason>
  last_s: number | null; // of its latest sample
  stored: number;
  lost: number | null; // null: loss can't be proved
  damaged: number;
}

export interface DeviceView {
  name: string;
  state: "connected" | "stalled" | "lost" | "ended";
  battery_percent: number | null;
  rssi_dbm: number | null;
  authenticated: boolean | null; // false: a badge "unauthenticated link"
  clock_ms: number | null; // uncertainty of its clock map; null: no clock of its own
  real: boolean;
}

export interface GapView {
  stream_id: string;
  start_s: number;
  end_s: number;
  n_lost: number | null;
}

export interface MarkerView {
  id: number;
  time_s: number;
  set_s: number;
  label: string;
  by: string;
  undone: boolean;
}

export interface ArtefactView {
  id: number;
  stream_id: string;
  start_s: number;
  end_s: number;
  reason: string;
  by: string;
  lifted: boolean;
}

export interface PageView {
  id: number;
  form: string;
  phase: string;
  opened_s: number;
  closed_s: number | null;
  unfinished: string;
  answers: Record<string, Answer>;
}

export interface Outcome {
  start_s: number;
  end_s: number;
  withheld: string[]; // reasons; empty: an estimate
  stress: number | null; // probability
  probabilities: Record<string, number>;
  eda_us: number | null;
  forecast_us: Record<string, [low: number, median: number, high: number]>; // by horizon, seconds
  quality: Record<string, number>; // by kind, 0 to 1
}

export interface Closed {
  ok: boolean; // verified
  problems: string[];
  audit_head: string;
  sha256: string;
  streams: Record<
    string,
    { stored: number; expected: number | null; lost_in_gaps: number; damaged: number }
  >;
  report: boolean; // GET /api/sessions/{name}/report
  report_problem: string;
}

// ---- acts: POST /api/sitting/acts (SittingAct -> View)

export type SittingAct =
  | { act: "start" }
  | { act: "end_phase"; phase: string; reason: string }
  | { act: "extend"; phase: string; by_s: number; reason: string }
  | { act: "leave_out"; phase: string; reason: string }
  | { act: "stop"; phase: string; reason: string }
  | { act: "mark"; label: string; at_s: number | null; reason: string } // null: now
  | { act: "undo_marker"; id: number; reason: string }
  | { act: "correct_marker"; id: number; label: string; at_s: number; reason: string }
  | { act: "mark_artefact"; stream_id: string; start_s: number; end_s: number; reason: string }
  | { act: "lift_artefact"; id: number; reason: string }
  | { act: "waive_stream"; kind: string; reason: string }
  | { act: "state_use"; setting: string; purpose: string; grounds: string }
  | { act: "note_consent"; consent: Consent }
  | { act: "review"; reason: string }
  | { act: "close"; reason: string }; // closing goes on behind: journal, verify, report; see View.closing
// closing steps, in order: "journal", "verify", "report"
// POST /api/sitting/clear -> 204 puts a closed sitting away, so that the next can be prepared

// ---- self-report: GET /api/form -> FormView, POST /api/form/acts (FormAct -> FormView)

export type Answer = number | string | string[] | null;

export interface FormView {
  open: boolean; // whether a sitting runs that has forms
  page: PageView | null; // the one being filled
  document: FormDocument | null; // of that page
  due: { phase: string; form: string; title: Text }[];
  choices: { form: string; title: Text }[]; // all that may be opened (operators only; else empty)
}

export interface FormDocument {
  name: string;
  title: Text;
  instructions: Text;
  instrument: string;
  items: FormItem[];
}

interface Asked {
  name: string;
  text: Text;
  required: boolean;
}

export type FormItem =
  | (Asked & { kind: "affect"; dimension: "valence" | "arousal" | "dominance"; low: Text; high: Text })
  | (Asked & { kind: "slider"; least: number; most: number; step: number; low: Text; high: Text })
  | (Asked & { kind: "choice"; options: Record<string, Text>; most: number })
  | (Asked & { kind: "text" })
  | (Asked & { kind: "score"; least: number; most: number }); // text: its name

export type FormAct =
  | { act: "open"; form: string; phase: string | null }
  | { act: "answer"; id: number; item: string; answer: Answer; reason: string }
  | { act: "close"; id: number; reason: string };
// An answer's text that may tell who somebody is comes back in the header X-Identity-Hints (JSON list).

// ---- recorded sessions

export interface Overview {
  // GET /api/sitting/overview: what was recorded so far, one point a step
  step_s: number;
  streams: {
    id: string;
    channel: string;
    unit: string;
    low: (number | null)[];
    high: (number | null)[];
  }[];
}

// POST /api/enter {token} -> {role}        sets the role's HttpOnly cookie; a token serves once
// POST /api/invite {role} -> {url}         operator: a new one-time address for another page
// POST /api/leave -> 204                   gives the cookie up
// POST /api/scan -> {found: DeviceChoice[], problems: string[]}
// POST /api/codes/next {site} -> {code}
// POST /api/codes/read {text, foreign} -> {code} or 422 with suggestions
// GET  /api/sessions -> SessionFacts[]
// POST /api/sessions/{name}/verify -> Closed
// POST /api/sessions/{name}/recover -> {name}
// GET  /api/sessions/{name}/report -> HTML  (made if it isn't there yet)
// POST /api/sessions/{name}/export {formats: ("parquet"|"bids"|"edf"|"xdf"|"e4")[], shift_time: boolean} -> {file, bytes}
// GET  /api/sessions/{name}/exports/{file} -> zip

// ---- the socket: GET /api/live, binary messages from the server only
//
// byte 0 says what it is:
//   1  View, UTF-8 JSON from byte 1            after every change, at least each second
//   3  Outcome[], UTF-8 JSON from byte 1       all so far on connecting, then as they come
//   2  samples, little-endian:
//        0  u8 2, u8 0, u16 number of blocks, u32 0, f64 server's now_s when it was sent
//        then each block: u16 stream index, u16 n_channels, u32 n_samples, f64 first_s, f64 step_s
//                         (step_s 0: irregular, n_samples f64 times follow),
//                         n_channels * n_samples f32, channel after channel, padded to 8 bytes
//      On connecting the latest 30 s come first, in the same form. Times of a stream never go back;
//      where a block doesn't follow the one before within 1.5 steps, samples are missing there.
