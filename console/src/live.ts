// The socket: views, outcomes and samples as they come, and what was held of them.
import { api, ProblemError } from "./api";
import { Ring } from "./ring";
import type { Outcome, View } from "./types";
import { shownShare } from "./words";

// off: it was on, and is being tried again; gone: for so long that nothing shown can be believed any
// more; refused: there is a program again, but it doesn't know this page
export type Link = "trying" | "on" | "off" | "gone" | "refused";

type Listener<T> = (value: T) => void;

class Signal<T> {
  private readonly listeners = new Set<Listener<T>>();

  on(listener: Listener<T>): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
}

export interface SamplesFrame {
  newest_s: number; // of its latest sample
  received_ms: number; // performance.now()
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
const QUIET_MS = 3000; // views come each second while there is a sitting
const GONE_MS = 2000; // without a connection (engineering choice)
const SILENT_MS = 8000; // connected, but nothing comes and nothing is answered (engineering choice)
const WATCH_MS = 500;

export class Live {
  view: View | null = null;
  link: Link = "trying";
  outcomes: Outcome[] = [];
  readonly rings = new Map<number, Ring>(); // by stream index
  readonly onView = new Signal<View | null>();
  readonly onLink = new Signal<Link>();
  readonly onOutcomes = new Signal<Outcome[]>();
  readonly onSamples = new Signal<SamplesFrame>();
  private retry_ms = FIRST_RETRY_MS;
  private offset_ms = Infinity; // smallest seen of received − sent: what a frame takes at best
  private recording = "";
  private heard_ms = 0;
  private off_ms = Infinity; // since when there is no connection

  // What is shown isn't known to be so any longer: clocks stand still, and nothing can be done.
  get gone(): boolean {
    return this.link === "gone" || this.link === "refused";
  }

  start(): void {
    setInterval(() => void this.lookAgain(), QUIET_MS);
    setInterval(() => this.watch(), WATCH_MS);
    this.connect();
  }

  private connect(): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.retry_ms = FIRST_RETRY_MS;
      this.rings.clear(); // the latest 30 s come anew
      this.offset_ms = Infinity;
      this.off_ms = Infinity;
      this.heard_ms = performance.now();
      this.setLink("on");
    };
    socket.onmessage = (event) => {
      if (event.data instanceof ArrayBuffer) this.take(event.data);
    };
    socket.onclose = () => {
      this.off_ms = Math.min(this.off_ms, performance.now());
      if (this.link === "on") this.setLink("off");
      setTimeout(() => this.connect(), this.retry_ms * (0.75 + Math.random() / 2));
      this.retry_ms = Math.min(this.retry_ms * 2, LONGEST_RETRY_MS);
    };
  }

  // Nothing says that a sitting was put away (in another tab): where views stop coming, it is asked.
  private async lookAgain(): Promise<void> {
    if (this.link === "gone") return this.askWhetherKnown();
    if (!this.view || this.link !== "on" || performance.now() - this.heard_ms < QUIET_MS) return;
    const view = await api.sitting().catch(() => undefined);
    if (view === undefined || performance.now() - this.heard_ms < QUIET_MS) return;
    this.heard_ms = performance.now();
    this.setView(view);
  }

  // A program that was started anew gives new addresses: this page has to be told one.
  private async askWhetherKnown(): Promise<void> {
    const refused = await api.sitting().then(
      () => false,
      (error: unknown) => error instanceof ProblemError && [401, 403].includes(error.status),
    );
    if (refused && this.link === "gone") this.setLink("refused");
  }

  private watch(): void {
    const now_ms = performance.now();
    const silent = this.link === "on" && this.view !== null && now_ms - this.heard_ms > SILENT_MS;
    if (silent || (!this.gone && now_ms - this.off_ms > GONE_MS)) this.setLink("gone");
  }

  // A view that came as an answer, or over the socket; older than what is shown: left.
  setView(view: View | null): void {
    const same = view?.name === this.view?.name;
    if (view && same && view.now_s < (this.view?.now_s ?? 0)) return;
    if ((view?.name ?? "") !== this.recording) this.forget(view?.name ?? "");
    this.view = view;
    this.onView.tell(view);
  }

  // The recording's time now, by the frame that came quickest; without frames by the view.
  // Once nothing comes any more it stands still.
  now_s(at_ms = performance.now()): number {
    const until_ms = this.gone ? Math.min(at_ms, this.heard_ms) : at_ms;
    if (Number.isFinite(this.offset_ms)) return (until_ms - this.offset_ms) / 1000;
    return this.view?.now_s ?? 0;
  }

  private setLink(link: Link): void {
    if (this.link === link) return;
    this.link = link;
    this.onLink.tell(link);
  }

  private forget(recording: string): void {
    this.recording = recording;
    this.rings.clear();
    this.outcomes = [];
    this.offset_ms = Infinity;
    this.onOutcomes.tell(this.outcomes);
  }

  private take(buffer: ArrayBuffer): void {
    const what = new Uint8Array(buffer, 0, 1)[0];
    this.heard_ms = performance.now();
    if (this.gone) this.setLink("on"); // it was only silent
    if (what === 1) this.setView(json<View | null>(buffer));
    else if (what === 2) this.takeSamples(new DataView(buffer));
    else if (what === 3) {
      this.outcomes = joined(this.outcomes, json<Outcome[]>(buffer));
      this.onOutcomes.tell(this.outcomes);
    }
  }

  private takeSamples(data: DataView): void {
    const received_ms = performance.now();
    const sent_s = data.getFloat64(8, true);
    this.offset_ms = Math.min(this.offset_ms, received_ms - sent_s * 1000);
    let at = 16;
    for (let block = data.getUint16(2, true); block > 0; block--) at = this.takeBlock(data, at);
    const newest_s = Math.max(...[...this.rings.values()].map((ring) => ring.last_s));
    this.onSamples.tell({ newest_s, received_ms });
  }

  private unitOf(index: number): string {
    const stream = this.view?.streams.find((told) => told.index === index);
    return stream?.channels[0]?.unit ?? "";
  }

  private takeBlock(data: DataView, start: number): number {
    const index = data.getUint16(start, true);
    const n_channels = data.getUint16(start + 2, true);
    const n = data.getUint32(start + 4, true);
    const first_s = data.getFloat64(start + 8, true);
    const step_s = data.getFloat64(start + 16, true);
    let at = start + 24;
    let ring = this.rings.get(index);
    if (ring?.values.length !== n_channels) this.rings.set(index, (ring = new Ring(n_channels)));
    const times = step_s === 0 ? new Float64Array(data.buffer, at, n) : null;
    at += times ? 8 * n : 0;
    const values = new Float32Array(data.buffer, at, n * n_channels);
    ring.push(first_s, step_s, times, asShown(values, this.unitOf(index)), n);
    return Math.ceil((at + 4 * n * n_channels) / 8) * 8;
  }
}

// Values in the unit that they are printed in.
function asShown(values: Float32Array, code: string): Float32Array {
  const share = shownShare(code);
  return share === 1 ? values : values.map((value) => value * share);
}

function json<T>(buffer: ArrayBuffer): T {
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 1))) as T;
}

// All come again after each connection: those that are held already are left out.
function joined(held: Outcome[], come: Outcome[]): Outcome[] {
  const last = held.at(-1)?.end_s ?? -Infinity;
  return [...held, ...come.filter((outcome) => outcome.end_s > last)];
}
