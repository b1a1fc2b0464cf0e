// What happened, said where everybody (screen readers too) finds it, and above what is looked at, never
// over it: errors say what is safe and what to do, and stay until they are put away or what failed
// succeeds; the rest goes by itself.
import { onSuccess, ProblemError } from "./api";
import { h, type Child } from "./dom";
import type { Problem } from "./types";
import { t, tAny } from "./words";

const region = h("div", { class: "notices", role: "region", "aria-label": "" });
const polite = h("div", { role: "status", "aria-live": "polite" });
const urgent = h("div", { role: "alert", "aria-live": "assertive" });
region.append(urgent, polite);
let recordingGoesOn = (): boolean => false;

export function noticeRegion(isRecording: () => boolean): HTMLElement {
  recordingGoesOn = isRecording;
  onSuccess(forget);
  region.setAttribute("aria-label", t("notice.region"));
  return region;
}

export function notifyDone(text: string): void {
  const notice = card("done", [h("p", {}, text)]);
  polite.append(notice);
  setTimeout(() => notice.remove(), 6000);
}

export function notifyError(error: unknown): void {
  const problem = asProblem(error);
  const said = sentence(problem);
  for (const old of [...urgent.children]) if ((old as HTMLElement).dataset.said === said) old.remove();
  const notice = card("error", problemLines(problem));
  notice.dataset.said = said;
  if (error instanceof ProblemError) notice.dataset.deed = error.status === 0 ? ANY : error.deed;
  urgent.append(notice);
}

const ANY = "*"; // any answer says that the server is reached again

function forget(deed: string): void {
  for (const notice of [...urgent.children])
    if ([deed, ANY].includes((notice as HTMLElement).dataset.deed ?? "")) notice.remove();
}

export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  console.error(error);
  const what = error instanceof Error ? error.message : String(error);
  return { name: "PageError", what, expected: "", got: "", remedy: t("problem.page.remedy") };
}

// A problem in full: what, expected and got, what is safe, what to do.
export function problemLines(problem: Problem): Child[] {
  const { expected, got, remedy } = problem;
  return [
    h("p", { class: "notice-what" }, sentence(problem)),
    expected && h("p", { class: "quiet" }, t("notice.expected", { expected })),
    got && h("p", { class: "quiet" }, t("notice.got", { got })),
    recordingGoesOn() && h("p", {}, t("notice.safe")),
    remedy && h("p", {}, h("strong", {}, t("notice.remedy")), " ", remedy),
  ];
}

function sentence(problem: Problem): string {
  const what = tAny([`problem.${problem.name}.what`], problem.what);
  return what.charAt(0).toUpperCase() + what.slice(1);
}

function card(kind: string, body: Child[]): HTMLElement {
  const close = h("button", { class: "icon-button", type: "button", "aria-label": t("notice.dismiss") }, "✕");
  const mark = h("span", { class: "notice-mark", "aria-hidden": "true" }, kind === "error" ? "!" : "✓");
  const notice = h("div", { class: `notice notice-${kind}` }, mark, h("div", { class: "notice-text" }, body), close);
  close.addEventListener("click", () => notice.remove());
  return notice;
}
