// Draws at most once a frame of the screen, whatever comes in between; and, if asked, how late.
import type { Live, SamplesFrame } from "./live";

declare global {
  interface Window {
    wearaffectLatency?: number[]; // ms from a frame's latest sample to its drawing; only with ?measure
  }
}

const LONGEST_REST_MS = 500; // without samples the time axis still moves on

export class Painter {
  private readonly stops: (() => void)[];
  private readonly waiting: SamplesFrame[] = [];
  private request = 0;
  private readonly measures = new URLSearchParams(location.search).has("measure");

  constructor(
    private readonly live: Live,
    private readonly draw: (now_s: number) => void,
  ) {
    if (this.measures) window.wearaffectLatency ??= [];
    const timer = setInterval(() => this.ask(), LONGEST_REST_MS);
    this.stops = [
      live.onSamples.on((frame) => {
        if (this.measures) this.waiting.push(frame);
        this.ask();
      }),
      () => clearInterval(timer),
      () => cancelAnimationFrame(this.request),
    ];
    this.ask();
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private ask(): void {
    this.request ||= requestAnimationFrame(() => {
      this.request = 0;
      this.draw(this.live.now_s());
      if (this.measures) this.measure();
    });
  }

  // A task behind the frame's: by then what was drawn has been handed to the screen.
  private measure(): void {
    const drawn = this.waiting.splice(0);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      const now_s = this.live.now_s();
      for (const { newest_s } of drawn) window.wearaffectLatency?.push((now_s - newest_s) * 1000);
      channel.port1.close();
    };
    channel.port2.postMessage(null);
  }
}
