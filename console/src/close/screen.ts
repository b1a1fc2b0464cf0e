// Closing: what is being done, and then what the session is worth, its files and its checksums.
import { api } from "../api";
import { button } from "../ask";
import { fill, h, setText, show, type Child } from "../dom";
import { problemLines } from "../notice";
import { nameOf } from "../review/artefacts";
import { page, type Context, type Screen } from "../screen";
import type { Closed, View } from "../types";
import { t } from "../words";
import { exporter } from "./exports";
import { account, checksums, verdict } from "./result";
import "./close.css";

const STEPS = ["journal", "verify", "report"];

export function closeScreen(context: Context): Screen {
  const steps = STEPS.map((step) => ({
    step,
    mark: h("span", { class: "closing-mark", "aria-hidden": "true" }),
    said: h("span", { class: "quiet" }),
  }));
  const list = h(
    "ol",
    { class: "closing-steps card" },
    steps.map(({ step, mark, said }) => h("li", {}, mark, h("strong", {}, t(`close.step.${step}`)), said)),
  );
  const status = h("p", { class: "hidden-text", role: "status" });
  const trouble = h("div", { class: "box box-bad", role: "alert", hidden: true });
  const result = h("div", { class: "stack-wide" });
  const next = button({
    label: t("close.next"),
    kind: "primary",
    disabled: true,
    press: () => void clear(context),
  });
  const report = h(
    "a",
    { class: "button button-link", target: "_blank", rel: "noopener", hidden: true },
    t("close.open_report"),
  );
  const element = page({
    title: t("close.title"),
    body: [list, status, trouble, result],
    left: [report],
    hint: t("close.hint"),
    primary: context.role === "operator" && next,
  });
  let drawn = false;

  function update(view: View | null): void {
    if (!view) return;
    const at = STEPS.indexOf(view.closing?.step ?? "");
    const over = view.closing?.done ?? view.closed !== null;
    const problem = view.closing?.problem;
    steps.forEach(({ mark, said }, i) => {
      const state = stateOf(i, at, over, Boolean(problem));
      mark.className = `closing-mark closing-${state}`;
      setText(mark, { failed: "!", done: "✓", now: "", later: "", skipped: "–" }[state]);
      setText(said, t(`close.state.${state}`));
    });
    setText(status, over ? t("close.over") : t(`close.step.${STEPS[Math.max(0, at)]}`));
    if (problem && trouble.hidden) fill(trouble, problemLines(problem));
    show(trouble, Boolean(problem));
    next.disabled = !over;
    if (!view.closed || drawn) return;
    drawn = true;
    report.href = api.reportUrl(view.name);
    show(report, true);
    show(list, !view.closed.ok || Boolean(problem)); // all is done, and the verdict says so
    fill(result, whole(context, view, view.closed));
  }
  return { element, update };
}

type State = "failed" | "done" | "now" | "later" | "skipped";

function stateOf(step: number, at: number, over: boolean, failed: boolean): State {
  if (step < at || (over && !failed)) return "done";
  if (step === at) return failed ? "failed" : "now";
  return over ? "skipped" : "later";
}

function whole(context: Context, view: View, closed: Closed): Child[] {
  const card = (key: string, ...body: HTMLElement[]): HTMLElement =>
    h(
      "section",
      { class: "card", "aria-labelledby": `close-${key}` },
      h("h2", { id: `close-${key}` }, t(`close.card.${key}`)),
      body,
    );
  return [
    verdict(closed, (id) => nameOf(view, id)),
    card(
      "account",
      account(closed, (id) => nameOf(view, id)),
    ),
    card("checksums", h("p", { class: "quiet" }, t("close.checksums_note")), checksums(closed)),
    context.role === "operator" && card("export", exporter(context, { name: view.name, sharing: view.consent.sharing })),
  ];
}

async function clear(context: Context): Promise<void> {
  const cleared = await context.attempt(async () => {
    await api.clear();
    return true;
  });
  if (!cleared) return;
  await context.attempt(() => context.refreshDesk());
  context.live.setView(null);
}
