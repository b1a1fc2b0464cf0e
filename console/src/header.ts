// Who and what is being recorded, how far the session is, and whether this page is live.
import { fill, h, setAttribute, setText, show, svg } from "./dom";
import { invite } from "./invite";
import { isCutOff } from "./recordings/facts";
import type { Context } from "./screen";
import { nextTheme, theme } from "./theme";
import type { Stage, View } from "./types";
import { clock, inLanguage, language, LANGUAGES, setLanguage, t } from "./words";

const STAGES: Stage[] = ["prepare", "run", "self_report", "review", "closed"];

interface Shell {
  place(): "sitting" | "recordings";
  redraw(): void;
}

interface Header {
  update(view: View | null): void;
  leave(): void;
}

export function brand(): HTMLElement {
  const mark = svg(
    "svg",
    { viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 8, fill: "var(--accent)" }),
    svg("path", {
      d: "M4 18h6l3-8 5 14 3.5-9 1.5 3h5",
      fill: "none",
      stroke: "var(--on-accent)",
      "stroke-width": 2.6,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
  return h("span", { class: "brand" }, mark, h("span", { class: "hide-narrow" }, "wearaffect"));
}

export function header(context: Context, top: HTMLElement, shell: Shell): Header {
  const { live } = context;
  const code = h("span", { class: "who-code" });
  const protocol = h("span", { class: "who-protocol" });
  const recording = h("span", { class: "state" });
  const elapsed = h("span", { class: "elapsed", role: "timer", "aria-label": t("shell.elapsed") });
  const link = h("span", { class: "state", role: "status" });
  const steps = stepList();
  const places = placeList(context);
  fill(
    top,
    h(
      "div",
      { class: "top-row" },
      brand(),
      h("div", { class: "who" }, code, protocol),
      h(
        "div",
        { class: "states" },
        context.role === "viewer" && h("span", { class: "badge" }, t("shell.viewer")),
        recording,
        elapsed,
        link,
      ),
      tools(context, shell),
    ),
    h("div", { class: "top-second" }, steps.element, places.element),
  );

  const showLink = (): void => {
    fill(link, dot(live.link === "on"), t(`link.${live.link}`));
  };
  const tick = (): void => {
    places.count(context.desk.sessions.filter(isCutOff).length);
    setText(elapsed, live.view?.connection === "recording" ? clock(live.now_s()) : "");
    show(elapsed, elapsed.textContent !== "");
  };
  const stopLink = live.onLink.on(showLink);
  const timer = setInterval(tick, 250);
  showLink();

  return {
    update: (view) => {
      setText(code, view ? view.participant : t("shell.nobody"));
      setText(protocol, view ? inLanguage(view.protocol.title) : "");
      showRecording(recording, view, live.gone);
      steps.update(view);
      show(steps.element, view !== null || shell.place() === "sitting");
      show(places.element, view === null);
      places.update(shell.place());
      const stage = t(`step.${view?.stage ?? "prepare"}`);
      document.title = view ? `${view.participant} · ${stage}` : "wearaffect";
      tick();
    },
    leave: () => {
      stopLink();
      clearInterval(timer);
    },
  };
}

function showRecording(element: HTMLElement, view: View | null, gone: boolean): void {
  show(element, view !== null);
  const state = gone ? "unknown" : view?.connection;
  if (!state || element.dataset.connection === state) return;
  element.dataset.connection = state;
  const on = state === "recording";
  element.className = on || state === "failed" ? "state state-rec" : "state";
  fill(element, dot(on), t(`connection.${state}`));
}

// Full: on. Hollow: off. The word beside it says the same.
function dot(full: boolean): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
    svg("circle", { cx: 6, cy: 6, r: 4.5, fill: full ? "currentColor" : "none", stroke: "currentColor", "stroke-width": 1.5 }),
  );
}

function stepList(): { element: HTMLElement; update(view: View | null): void } {
  const items = STAGES.map((stage, i) => {
    const mark = h("span", { class: "step-dot", "aria-hidden": "true" });
    const done = h("span", { class: "hidden-text" });
    return { mark, done, number: String(i + 1), element: h("li", { class: "step" }, mark, t(`step.${stage}`), done) };
  });
  const list = h("ol", { class: "steps" }, items.map((item) => item.element));
  const element = h("nav", { "aria-label": t("shell.steps") }, list);
  const update = (view: View | null): void => {
    const at = STAGES.indexOf(view?.stage ?? "prepare");
    const ran = view?.phases.some((phase) => phase.began_s !== null) ?? false;
    items.forEach((item, i) => {
      const done = i < at && (ran || i === 0); // a session that was discarded never came further
      item.element.classList.toggle("step-done", done);
      setAttribute(item.element, "aria-current", i === at ? "step" : null);
      setText(item.mark, done ? "✓" : item.number);
      setText(item.done, done ? ` (${t("step.done")})` : "");
    });
  };
  return { element, update };
}

interface Places {
  element: HTMLElement;
  update(place: string): void;
  count(cutOff: number): void; // recordings that wait to be recovered
}

function placeList(context: Context): Places {
  const badge = h("span", { class: "count", "aria-hidden": "true" });
  const said = h("span", { class: "hidden-text" });
  const buttons = (["sitting", "recordings"] as const).map((place) => {
    const press = (): void => context.show(place);
    const waiting = place === "recordings" && [" ", badge, said];
    return { place, element: h("button", { type: "button", class: "place", on: { click: press } }, t(`shell.place.${place}`), waiting) };
  });
  const element = h("nav", { class: "places", "aria-label": t("shell.places") }, buttons.map((b) => b.element));
  const update = (now: string): void =>
    buttons.forEach((b) => setAttribute(b.element, "aria-current", b.place === now ? "page" : null));
  const count = (cutOff: number): void => {
    const n = context.role === "operator" ? cutOff : 0;
    setText(badge, n || "");
    setText(said, n ? t("shell.cut_off", { n }) : "");
    show(badge, n > 0);
  };
  return { element, update, count };
}

function tools(context: Context, shell: Shell): HTMLElement {
  const other = language() === "en" ? "de" : "en";
  const tool = (label: string, text: string, press: () => void): HTMLElement =>
    h("button", { type: "button", class: "tool", "aria-label": label, title: label, on: { click: press } }, text);
  const change = (): void => {
    setLanguage(other);
    shell.redraw();
  };
  const toOther = h("button", { type: "button", class: "tool", lang: other, on: { click: change } }, LANGUAGES[other]);
  return h(
    "div",
    { class: "tools" },
    context.role === "operator" &&
      h("button", { type: "button", class: "tool tool-invite", on: { click: () => invite(context) } }, t("invite.open")),
    toOther,
    tool(t(`shell.theme.${theme()}`), { system: "◐", light: "☀", dark: "☾" }[theme()], () => {
      nextTheme();
      shell.redraw();
    }),
    tool(t("shell.keys"), "?", () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "?" }))),
  );
}
