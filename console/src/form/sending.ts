// Answers on their way: each change is sent as it comes, and waits while the server can't be reached.

import type { Answer } from "../types";

export type Sent = "sending" | "kept" | "waiting" | "refused";

export interface Letter {
  id: number; // of the page
  item: string;
  answer: Answer;
}

export interface Outbox {
  put: (letter: Letter, pause_ms: number) => void; // 0: at once

  flush: () => Promise<boolean>; // whether everything has arrived
  holds: (letter: Letter) => boolean; // whether one to the same question hasn't arrived yet
}

export interface Carrier {
  // Send one; throws.
  send: (letter: Letter) => Promise<void>;
  // Whether an error says that the server said no, rather than that it wasn't reached.
  isRefusal: (error: unknown) => boolean;
  // Told as a letter's fate changes.
  told: (letter: Letter, state: Sent, error: unknown) => void;
}

const AGAIN_MS = 2000;

// Make an outbox: the latest answer of each question, in order, one at a time.
export function outbox(carrier: Carrier): Outbox {
  const due = new Map<string, Letter>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;

  function later(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), ms);
  }

  async function carry(): Promise<boolean> {
    for (let next = first(due); next; next = first(due)) {
      const [key, letter] = next;
      carrier.told(letter, "sending", null);
      const error = await carrier.send(letter).then(
        () => null,
        (reason: unknown) => reason ?? new Error("not sent"),
      );
      const newer = due.get(key) !== letter;
      if (error !== null && !carrier.isRefusal(error)) {
        carrier.told(letter, "waiting", error);
        later(AGAIN_MS);
        return false;
      }
      if (newer) continue;
      due.delete(key);
      carrier.told(letter, error === null ? "kept" : "refused", error);
    }
    return true;
  }

  function flush(): Promise<boolean> {
    clearTimeout(timer);
    running ??= carry().finally(() => (running = null));
    return running;
  }

  return {
    put(letter, pause_ms) {
      const key = keyOf(letter);
      if (due.get(key)?.answer !== letter.answer) due.set(key, letter);
      if (pause_ms) later(pause_ms);
      else void flush();
    },
    flush,
    holds: (letter) => due.has(keyOf(letter)),
  };
}

function keyOf(letter: Letter): string {
  return `${letter.id} ${letter.item}`;
}

function first(due: Map<string, Letter>): [string, Letter] | undefined {
  return due.entries().next().value;
}
