// Before the run: the plan is filled in, then devices are connected and their signals looked at.
import { api } from "../api";
import { button } from "../ask";
import { fill, h, setText, show } from "../dom";
import { page, type Context, type Screen } from "../screen";
import { isCutOff } from "../recordings/facts";
import { bytes, clockTime, moment, span, t } from "../words";
import { checkScreen } from "./check";
import { deviceFields, modelFields } from "./devices";
import { emptyDraft, isDone, planOf, protocolOf, STEPS, type Draft, type Step } from "./draft";
import { participantFields } from "./participant";
import { protocolFields } from "./protocol";
import { consentFields, purposeFields } from "./purpose";
import { restFields } from "./rest";
import "./prepare.css";

let draft: Draft | null = null;

export function prepareScreen(context: Context): Screen {
  if (!context.live.view) return context.role === "viewer" ? nothingYet() : planScreen(context);
  draft = null; // the next participant begins with an empty plan
  return checkScreen(context);
}

function nothingYet(): Screen {
  const element = page({ title: t("shell.nobody"), body: [h("p", { class: "empty" }, t("prepare.viewer"))] });
  return { element, update: () => undefined };
}

function planScreen(context: Context): Screen {
  const plan = (draft ??= emptyDraft(context.desk));
  const marks = new Map<Step, { mark: HTMLElement; state: HTMLElement; item: HTMLElement }>();
  const hint = h("span", { role: "status" });
  const connect = h("button", { type: "button", class: "button button-primary" }, t("prepare.connect"));
  const facts = h("dl", { class: "facts" });
  let connecting = false;

  const changed = (): void => {
    rest.refresh();
    for (const [step, { mark, state, item }] of marks) {
      const done = isDone(plan, step);
      setText(mark, done ? "✓" : String(STEPS.indexOf(step) + 1));
      mark.classList.toggle("step-mark-done", done);
      item.classList.toggle("ready-done", done);
      setText(state, done ? t("prepare.done") : t("prepare.missing"));
    }
    const missing = STEPS.filter((step) => !isDone(plan, step));
    connect.disabled = missing.length > 0 || connecting;
    if (!connecting)
      setText(hint, missing.length ? t("prepare.still", { steps: missing.map((s) => t(`prepare.step.${s}`)).join(", ") }) : t("prepare.connect_note"));
  };
  const section = (step: Step, ...fields: HTMLElement[]): HTMLElement => {
    const mark = h("span", { class: "step-mark", "aria-hidden": "true" });
    const state = h("span", { class: "quiet small" });
    const item = h("li", {}, h("a", { href: `#step-${step}` }, t(`prepare.step.${step}`)), state);
    marks.set(step, { mark, state, item });
    const id = `${step}-title`;
    return h(
      "section",
      { class: "card", id: `step-${step}`, "aria-labelledby": id, tabindex: -1 },
      h("h2", { id, class: "step-title" }, mark, t(`prepare.step.${step}`)),
      fields,
    );
  };
  connect.addEventListener("click", async () => {
    connecting = true;
    connect.disabled = true;
    fill(hint, h("span", { class: "spinner", "aria-hidden": "true" }), " ", t("prepare.connecting"));
    const view = await context.attempt(() => api.begin(planOf(plan)));
    connecting = false;
    if (view) context.live.setView(view);
    else changed();
  });

  const rest = restFields(context, plan, () => changed());
  const sections = [
    section("participant", participantFields(context, plan, () => changed())),
    section("protocol", protocolFields(context, plan, () => changed()), rest.element),
    section("purpose", purposeFields(context, plan, () => marks.size === STEPS.length && changed())),
    section("consent", consentFields(context, plan, () => changed())),
    section("devices", deviceFields(context, plan, () => changed()), modelFields(context, plan, () => changed())),
  ];
  const wall = h("span", {});
  const cutOff = h("div", { class: "stack", role: "status" });
  const showFacts = (): void => {
    fill(facts, deskFacts(context, plan, wall));
    fill(cutOff, cutOffBanner(context));
    show(cutOff, cutOff.childElementCount > 0);
  };
  const tick = (): void => setText(wall, clockTime());
  const timer = setInterval(tick, 1000);
  tick();
  const ready = h(
    "aside",
    { class: "card ready", "aria-labelledby": "ready-title" },
    h("h2", { id: "ready-title" }, t("prepare.ready")),
    h("ol", { class: "ready-list" }, [...marks.values()].map(({ item }) => item)),
    facts,
  );
  ready.addEventListener("click", (event) => jump(event));
  const element = page({
    title: t("prepare.title"),
    lead: t("prepare.lead"),
    body: [cutOff, h("div", { class: "plan" }, h("div", { class: "plan-steps" }, sections), ready)],
    hint,
    primary: connect,
  });
  changed();
  showFacts();
  const found = context.refreshDesk().then(showFacts, () => undefined);
  void found.then(changed);
  return { element, update: () => undefined, leave: () => clearInterval(timer) };
}

// What was cut off comes before anything new.
function cutOffBanner(context: Context): HTMLElement[] {
  const cut = context.desk.sessions.filter(isCutOff);
  const [latest] = cut;
  if (!latest) return [];
  const facts = { who: latest.participant || t("recordings.unknown"), when: moment(latest.started) };
  const text = t("prepare.cut_off", { ...facts, n: cut.length });
  const go = button({ label: t("prepare.cut_off_go"), press: () => context.show("recordings") });
  return [h("div", { class: "box box-look spread" }, h("strong", {}, text), go)];
}

// Goes to a step without leaving anything in the address.
function jump(event: Event): void {
  const link = event.target instanceof HTMLAnchorElement ? event.target : null;
  const section = link && document.querySelector<HTMLElement>(link.hash);
  if (!section) return;
  event.preventDefault();
  section.scrollIntoView({ block: "start" });
  section.querySelector<HTMLElement>("input, select, button")?.focus({ preventScroll: true });
}

function deskFacts(context: Context, plan: Draft, wall: HTMLElement): HTMLElement[] {
  const { desk } = context;
  const protocol = protocolOf(plan, desk);
  const secure = desk.sealing ? "sealed" : desk.encrypted === null ? "unknown" : desk.encrypted ? "yes" : "no";
  const risky = secure === "no" || secure === "unknown";
  const rows: [name: string, value: string | HTMLElement, look: string][] = [
    ["length", protocol ? span(protocol.planned_s) : "–", ""],
    ["disk", bytes(desk.disk.free_bytes), ""],
    ["encrypted", `${risky ? "▲ " : ""}${t(`prepare.encrypted.${secure}`)}`, risky ? "light-look" : ""],
    ["clock", wall, ""],
    ["folder", desk.folder, "code"],
  ];
  return rows.flatMap(([name, value, look]) => [h("dt", {}, t(`prepare.fact.${name}`)), h("dd", { class: look }, value)]);
}
