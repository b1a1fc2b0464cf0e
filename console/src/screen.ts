// What a screen is and what it is given. The shell makes a screen when its stage comes (and anew
// when language or theme change), calls update with each View, and leave before it drops it.
//
//   src/prepare/screen.ts     prepareScreen       no sitting, or stage prepare
//   src/run/screen.ts         runScreen           stage run
//   src/selfreport/screen.ts  selfReportScreen    stage self_report
//   src/review/screen.ts      reviewScreen        stage review
//   src/close/screen.ts       closeScreen         stage closed
//   src/recordings/screen.ts  recordingsScreen    no sitting, and Recordings was chosen
import { h, type Child } from "./dom";
import type { Live } from "./live";
import type { Desk, Role, SittingAct, View } from "./types";

export interface Screen {
  element: HTMLElement;
  update(view: View | null): void;
  leave?(): void;
  keys?(): [key: string, does: string][]; // its own keys, for the list behind "?"
}

export interface Context {
  desk: Desk; // as of the latest refreshDesk
  role: Role;
  live: Live;
  // Posts an act and shows the view that comes back; a problem becomes a notice, and then it gives null.
  act(act: SittingAct): Promise<View | null>;
  refreshDesk(): Promise<Desk>;
  show(place: "sitting" | "recordings"): void; // without a sitting: Prepare or Recordings
  // Runs work and turns what it throws into a notice (then: undefined).
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>;
}

export interface Page {
  title: string; // empty: the body has the heading
  lead?: Child; // one sentence under the title
  body: Child[];
  left?: Child[]; // of the bar at the bottom: what else can be done
  hint?: Child; // beside the main action: what it does or why it can't be done
  primary?: Child; // the main action, always bottom right
}

// The one layout of all screens: title, body that scrolls, bar with the main action.
export function page(told: Page): HTMLElement {
  return h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "page-body", tabindex: 0 }, // so that arrow keys scroll it
      told.title !== "" &&
        h("div", { class: "page-head" }, h("h1", { tabindex: -1 }, told.title), told.lead && h("p", { class: "lead" }, told.lead)),
      told.body,
    ),
    (told.left || told.primary || told.hint) &&
      h(
        "div",
        { class: "bar", role: "group" },
        h("div", { class: "bar-left" }, told.left ?? []),
        h("div", { class: "bar-hint" }, told.hint ?? []),
        told.primary,
      ),
  );
}
