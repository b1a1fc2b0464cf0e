import "./style.css";
import { api, enterByFragment, ProblemError } from "./api";
import { cutOffAlarm, holdButtons } from "./alarm";
import { closeScreen } from "./close/screen";
import { fill, h } from "./dom";
import { door } from "./door";
import { header } from "./header";
import { Live } from "./live";
import { noticeRegion, notifyError } from "./notice";
import { prepareScreen } from "./prepare/screen";
import { recordingsScreen } from "./recordings/screen";
import { reviewScreen } from "./review/screen";
import { runScreen } from "./run/screen";
import type { Context, Screen } from "./screen";
import { selfReportScreen } from "./selfreport/screen";
import { showKeys } from "./keys";
import { setTheme, theme } from "./theme";
import type { Desk, Stage, View } from "./types";
import { t } from "./words";

type Place = "sitting" | "recordings";

const BY_STAGE: Record<Stage, (context: Context) => Screen> = {
  prepare: prepareScreen,
  run: runScreen,
  self_report: selfReportScreen,
  review: reviewScreen,
  closed: closeScreen,
};

function shell(desk: Desk, live: Live): void {
  let place: Place = "sitting";
  let shown = ""; // what the screen is for: it is made anew when this changes
  let screen: Screen | null = null;

  const main = h("main", { id: "main", tabindex: -1 });
  const top = h("header", { class: "top" });
  const skip = h("a", { class: "skip", href: "#main" });
  // with trouble it isn't said: what is safe then stands in the trouble itself
  const isRecording = (): boolean =>
    !live.gone && live.view?.connection === "recording" && live.view.trouble.length === 0;
  const notices = noticeRegion(isRecording);
  const alarm = cutOffAlarm(live);
  const root = h("div", { class: "shell" }, top, alarm.element, notices, main);
  const context: Context = {
    desk,
    role: desk.role,
    live,
    attempt,
    act: async (act) => {
      if (live.gone) return null; // the alarm says why
      const view = await attempt(() => api.act(act));
      if (view) live.setView(view);
      return view ?? null;
    },
    refreshDesk: async () => (context.desk = await api.desk()),
    show: (told) => {
      place = told;
      update(live.view);
      main.focus();
    },
  };
  let head = header(context, top, { place: () => place, redraw });

  function update(view: View | null): void {
    if (view) place = "sitting";
    const wanted = view ? `${view.name} ${view.stage}` : place;
    if (wanted !== shown) change(wanted, view);
    if (!live.gone) holdButtons(false);
    head.update(view);
    screen?.update(view);
    if (live.gone) holdButtons(true); // last: screens press their buttons in and out too
  }

  function change(wanted: string, view: View | null): void {
    const goesOn = shown !== "" && view !== null;
    screen?.leave?.();
    shown = wanted;
    if (!view && place === "sitting") void context.refreshDesk().catch(notifyError);
    const make = view ? BY_STAGE[view.stage] : place === "sitting" ? prepareScreen : recordingsScreen;
    const made = make(context);
    screen = made;
    fill(main, made.element);
    main.dataset.stage = view?.stage ?? place;
    if (goesOn) (main.querySelector<HTMLElement>("h1[tabindex]") ?? main).focus();
  }

  // Language or theme changed: words and colours are taken when things are made.
  function redraw(): void {
    shown = "";
    head.leave();
    skip.textContent = t("shell.skip");
    noticeRegion(isRecording);
    alarm.update();
    head = header(context, top, { place: () => place, redraw });
    update(live.view);
  }

  skip.textContent = t("shell.skip");
  document.body.replaceChildren(skip, root);
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && !isTyping(event.target)) showKeys(screen);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  live.onView.on(update);
  live.onLink.on(() => {
    alarm.update();
    update(live.view);
  });
  live.start();
  update(live.view);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    notifyError(error);
    return undefined;
  }
}

async function open(): Promise<void> {
  try {
    await enterByFragment();
    const desk = await api.desk();
    if (desk.role === "participant") return door("participant");
    const live = new Live();
    live.setView(await api.sitting());
    shell(desk, live);
  } catch (error) {
    if (error instanceof ProblemError && error.status === 403) door("participant");
    else if (error instanceof ProblemError && error.status !== 0) door("closed", error);
    else door("away", error);
  }
}

setTheme(theme());
void open();
