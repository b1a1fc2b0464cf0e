// A form being filled: what has been answered here, and how far each answer has come. It outlives
// what is drawn of it, so that changing the language loses nothing.
import { ProblemError } from "../api";
import type { Answer, FormDocument, FormView, PageView } from "../types";
import { outbox, type Outbox, type Sent } from "./sending";
import type { FormServer } from "./server";

export interface Fate {
  sent: Sent;
  problem: string; // what the server said; empty: nothing
  hints: string[]; // what in it may tell who somebody is
}

export class Filling {
  readonly answers: Record<string, Answer>;
  readonly fates = new Map<string, Fate>();
  changed: (item: string) => void = () => {};
  private readonly box: Outbox;

  constructor(
    readonly page: PageView,
    readonly document: FormDocument,
    private readonly server: FormServer,
  ) {
    this.answers = { ...page.answers };
    const hinted = new Map<string, string[]>();
    this.box = outbox({
      send: async ({ id, item, answer }) => {
        const { hints } = await server.act({ act: "answer", id, item, answer, reason: "" });
        hinted.set(item, hints);
      },
      isRefusal: (error) => error instanceof ProblemError && error.status > 0 && error.status < 500,
      told: ({ item }, sent, error) => {
        const problem = sent === "refused" && error instanceof ProblemError ? error.problem.what : "";
        this.fates.set(item, { sent, problem, hints: sent === "kept" ? (hinted.get(item) ?? []) : [] });
        this.changed(item);
      },
    });
  }

  put(item: string, answer: Answer, pause_ms: number): void {
    const letter = { id: this.page.id, item, answer };
    const known = item in this.answers && this.answers[item] === answer;
    if (known && !this.box.holds(letter)) return; // the thumb was let go where it had been sent from
    this.answers[item] = answer;
    this.box.put(letter, pause_ms);
    this.changed(item);
  }

  // Required questions without an answer, in order.
  missing(): string[] {
    return this.document.items.filter((i) => i.required && this.isOpen(i.name)).map((i) => i.name);
  }

  isOpen(item: string): boolean {
    return (this.answers[item] ?? null) === null;
  }

  // Whether an answer waits for the connection.
  get waiting(): boolean {
    return [...this.fates.values()].some((fate) => fate.sent === "waiting");
  }

  // Whether leaving now would lose one.
  get unsent(): boolean {
    return this.document.items.some((i) => this.box.holds({ id: this.page.id, item: i.name, answer: null }));
  }

  // Sends what waits; then closes the form. Gives null while answers can't be sent.
  async close(reason: string): Promise<FormView | null> {
    if (!(await this.box.flush())) return null;
    return (await this.server.act({ act: "close", id: this.page.id, reason })).view;
  }

  // Nobody looks at it any longer: what still waits for a pause is sent.
  leave(): void {
    void this.box.flush();
  }
}
