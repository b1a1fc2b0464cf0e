// The review: the whole recording at a glance, artefacts and markers put right, then on to closing.
import { api } from "../api";
import { askSure, button } from "../ask";
import { h, setText, show } from "../dom";
import { formList } from "../selfreport/forms";
import { page, type Context, type Screen } from "../screen";
import type { View } from "../types";
import { clock, t } from "../words";
import { artefactFields, artefactList, markArtefact, type Part } from "./artefacts";
import { change, markerTable } from "./markers";
import { plots } from "./plots";
import { panned, zoomed, type Range } from "./range";
import "./review.css";

const CLOSEST_S = 10; // an overview has a point a second
const ZOOM = 0.5;
const STEP = 0.25;

export function reviewScreen(context: Context): Screen {
  const operator = context.role === "operator";
  const drawn = plots(operator ? (id, stretch) => void markArtefact(context, id, stretch) : null);
  const overview = zoomable(context, drawn);
  const parts = [artefactFields(context), artefactList(context), markerTable(context), answered(context)] as const;
  const [fields, artefacts, markers, forms] = parts;
  const add = button({ label: t("review.add"), press: () => change(context, null) });
  add.classList.add("button-small");

  const element = page({
    title: t("review.title"),
    lead: t("review.lead"),
    body: [
      overview.element,
      h(
        "section",
        { class: "card", "aria-labelledby": "artefacts-title" },
        h("h2", { id: "artefacts-title" }, t("review.artefacts")),
        operator && h("p", { class: "quiet" }, t("review.artefacts_how")),
        operator && fields.element,
        artefacts.element,
      ),
      h(
        "section",
        { class: "card", "aria-labelledby": "markers-title" },
        h("div", { class: "spread" }, h("h2", { id: "markers-title" }, t("review.markers")), operator && add),
        markers.element,
      ),
      operator && forms.element,
    ],
    hint: t("review.hint"),
    primary:
      operator && button({ label: t("review.close"), kind: "primary", press: () => void close(context) }),
  });
  const update = (view: View | null): void => {
    if (!view) return;
    overview.update(view);
    for (const part of parts) part.update(view);
  };
  const keys = (): [string, string][] =>
    ["plus", "arrows", "home"].map((key) => [t(`review.key.${key}`), t(`review.does.${key}`)]);
  return { element, update, leave: drawn.leave, keys };
}

// What the participant said, beside what was measured.
function answered(context: Context): Part {
  const list = formList(context, { opened: () => {} }, "closed");
  const element = h(
    "section",
    { class: "card", "aria-labelledby": "answers-title" },
    h("h2", { id: "answers-title" }, t("review.answers")),
    list.element,
  );
  const update = (view: View): void => {
    list.update(view);
    show(element, view.pages.length > 0);
  };
  return { element, update };
}

async function close(context: Context): Promise<void> {
  const sure = await askSure(t("review.close_title"), t("review.close_text"), t("review.close"));
  if (sure) await context.act({ act: "close", reason: "" });
}

// The plots with their buttons and keys: in, out, along, all.
function zoomable(context: Context, drawn: ReturnType<typeof plots>) {
  let whole: Range = { from: 0, to: 1 };
  let shown: Range = whole;
  let asked = false;
  const said = h("span", { class: "quiet", role: "status" });
  const empty = h("p", { class: "empty" }, t("review.nothing"));
  const go = (range: Range): void => {
    shown = range;
    drawn.show(range);
    setText(said, t("review.shown", { from: clock(range.from), to: clock(range.to) }));
  };
  const zoom = (factor: number): void =>
    go(zoomed(shown, whole, factor, (shown.from + shown.to) / 2, CLOSEST_S));
  const acts: Record<string, () => void> = {
    "+": () => zoom(ZOOM),
    "-": () => zoom(1 / ZOOM),
    ArrowLeft: () => go(panned(shown, whole, -STEP)),
    ArrowRight: () => go(panned(shown, whole, STEP)),
    Home: () => go(whole),
  };
  const tool = (key: string, sign: string, name: string): HTMLElement => {
    const press = (): void => acts[key]?.();
    return h(
      "button",
      {
        type: "button",
        class: "button button-small",
        "aria-label": t(name),
        title: t(name),
        on: { click: press },
      },
      sign,
    );
  };

  async function load(): Promise<void> {
    const overview = await context.attempt(() => api.overview());
    if (!overview) return;
    const points = Math.max(0, ...overview.streams.map((stream) => stream.low.length));
    whole = { from: 0, to: Math.max(1, points * overview.step_s) };
    show(empty, points === 0);
    show(plotted, points > 0);
    drawn.load(overview);
    go(whole);
  }

  const plotted = h(
    "div",
    { class: "plotted", tabindex: "0", role: "group", "aria-label": t("review.plots") },
    drawn.element,
  );
  plotted.addEventListener("keydown", (event) => {
    const act = acts[event.key === "=" ? "+" : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  const refresh = button({ label: t("review.refresh"), press: () => void load() });
  refresh.classList.add("button-small");
  const element = h(
    "section",
    { class: "card", "aria-labelledby": "overview-title" },
    h(
      "div",
      { class: "spread" },
      h("h2", { id: "overview-title" }, t("review.overview")),
      h(
        "div",
        { class: "row" },
        said,
        tool("ArrowLeft", "◀", "review.earlier"),
        tool("ArrowRight", "▶", "review.later"),
        tool("-", "−", "review.out"),
        tool("+", "+", "review.in"),
        tool("Home", t("review.all"), "review.all_long"),
        refresh,
      ),
    ),
    plotted,
    empty,
    legend(),
  );
  const update = (view: View): void => {
    drawn.update(view);
    if (asked) return;
    asked = true;
    void load(); // the view first: it says which signal each stream is
  };
  return { element, update };
}

function legend(): HTMLElement {
  const one = (kind: string): HTMLElement =>
    h(
      "li",
      {},
      h("span", { class: `legend-mark legend-${kind}`, "aria-hidden": "true" }),
      t(`review.legend.${kind}`),
    );
  return h("ul", { class: "plot-legend" }, ["gap", "artefact", "marker"].map(one));
}
