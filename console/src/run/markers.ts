// Markers: keys of the phase, a free one, and the latest with undo.
import { askReason } from "../ask";
import { fill, h, keyedList, setText, show, type Row } from "../dom";
import type { Context } from "../screen";
import type { MarkerView, View } from "../types";
import { clock, t } from "../words";
import { nowOf } from "./phase";

const UNDO_S = 10; // without a reason, as the sitting has it
const SHOWN = 3;

export interface MarkerPanel {
  element: HTMLElement;
  update(view: View): void;
  press(event: KeyboardEvent): void;
  keys(): [string, string][];
}

export function markerPanel(context: Context): MarkerPanel {
  const { live } = context;
  const viewer = context.role === "viewer";
  const keys = h("div", { class: "marker-keys" });
  const list = h("ul", { class: "marker-list" });
  const none = h("p", { class: "quiet small" }, t("run.markers.none"));
  const setList = keyedList<MarkerView>(list, (m) => m.id, (m) => markerRow(context, m));
  const text = h("input", { id: "free-marker", maxlength: 80, autocomplete: "off", placeholder: t("run.markers.free_hint") });
  const set = h("button", { type: "submit", class: "button button-small" }, t("run.markers.set"));
  const free = h("form", { class: "marker-free" }, h("label", { class: "hidden-text", for: "free-marker" }, t("run.markers.free")), text, set);
  let shown = "";

  const mark = (label: string): Promise<View | null> => context.act({ act: "mark", label, at_s: null, reason: "" });
  free.addEventListener("submit", async (event) => {
    event.preventDefault();
    const label = text.value.trim();
    if (label && (await mark(label))) text.value = "";
  });
  const markers = (): { key: string; label: string }[] => (live.view && nowOf(live.view)?.facts.markers) || [];
  const update = (view: View): void => {
    const facts = nowOf(view)?.facts;
    const key = facts?.name ?? "";
    if (key !== shown) {
      shown = key;
      fill(keys, markers().map((m) => markerKey(m, () => void mark(m.label))));
    }
    const latest = view.markers.slice(-SHOWN).reverse();
    setList(latest);
    show(none, latest.length === 0);
  };
  const press = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") return void undoLatest(context, event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      return text.focus();
    }
    const found = markers().find((m) => m.key === event.key.toLowerCase());
    if (found && !event.repeat) void mark(found.label);
  };
  const element = h(
    "section",
    { class: "card", "aria-labelledby": "markers-title" },
    h("h2", { id: "markers-title" }, t("run.markers")),
    !viewer && h("div", { class: "marker-acts" }, keys, free),
    none,
    list,
  );
  const keyList = (): [string, string][] => [
    ...markers().map((m): [string, string] => [m.key, t("run.keys.marker", { label: m.label })]),
    ["/", t("run.keys.free")],
    ["Ctrl Z", t("run.keys.undo")],
  ];
  return { element, update, press, keys: keyList };
}

function markerKey(marker: { key: string; label: string }, press: () => void): HTMLElement {
  return h(
    "button",
    { type: "button", class: "button marker-key", "aria-keyshortcuts": marker.key, on: { click: press } },
    h("kbd", { class: "key", "aria-hidden": "true" }, marker.key.toUpperCase()),
    marker.label,
  );
}

function markerRow(context: Context, first: MarkerView): Row<MarkerView> {
  const label = h("span", { class: "marker-label" });
  const state = h("span", { class: "quiet small" });
  const undo = h("button", { type: "button", class: "button button-small" });
  let marker = first;
  undo.addEventListener("click", () => void undoMarker(context, marker));
  const element = h("li", {}, h("span", { class: "quiet" }, clock(first.time_s)), label, state, context.role !== "viewer" && undo);
  const update = (told: MarkerView): void => {
    marker = told;
    const left = UNDO_S - (context.live.now_s() - told.set_s);
    setText(label, told.label);
    element.classList.toggle("marker-undone", told.undone);
    setText(state, told.undone ? t("run.markers.undone") : "");
    setText(undo, left > 0 ? t("run.markers.undo", { n: Math.ceil(left) }) : t("run.markers.undo_late"));
    undo.setAttribute("aria-label", `${undo.textContent} ${told.label}, ${clock(told.time_s)}`);
    show(undo, !told.undone);
  };
  return { element, update };
}

async function undoMarker(context: Context, marker: MarkerView): Promise<void> {
  const late = context.live.now_s() - marker.set_s > UNDO_S - 0.5;
  const reason = late
    ? await askReason({ title: t("run.markers.undo_title", { label: marker.label }), action: t("run.markers.undo_action") })
    : "";
  if (reason !== null) await context.act({ act: "undo_marker", id: marker.id, reason });
}

function undoLatest(context: Context, event: KeyboardEvent): void {
  const latest = context.live.view?.markers.filter((m) => !m.undone).at(-1);
  if (!latest) return;
  event.preventDefault();
  void undoMarker(context, latest);
}
