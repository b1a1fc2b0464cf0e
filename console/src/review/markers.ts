// Markers: corrected or undone with a reason; what was undone stays, struck through.
import { askReason, button, openDialog } from "../ask";
import { fill, h, keyedList, setText, show, type Row } from "../dom";
import type { Context } from "../screen";
import type { MarkerView, View } from "../types";
import { language, t } from "../words";
import { actsHead, byInWords, labelled, timeField, type Part } from "./artefacts";
import { secondsOf, tenths } from "./range";

const COLUMNS = ["at", "wall", "label", "who"];

export function markerTable(context: Context): Part {
  const body = h("tbody");
  const head = COLUMNS.map((key) => h("th", { scope: "col" }, t(`review.${key}`)));
  const table = h(
    "div",
    { class: "table-scroll" },
    h("table", { class: "review-table" }, h("thead", {}, h("tr", {}, head, actsHead())), body),
  );
  const none = h("p", { class: "quiet" }, t("review.no_markers"));
  let view: View | null = null;

  function row(): Row<MarkerView> {
    const cells = COLUMNS.map(() => h("td"));
    const last = h("td", { class: "number" });
    const element = h("tr", {}, cells, last);
    let undone: boolean | null = null;
    let held: MarkerView;
    const small = (label: string, press: () => void): HTMLElement => {
      const made = button({ label, press });
      made.classList.add("button-small");
      made.setAttribute("aria-label", `${label}: ${held.label} ${tenths(held.time_s)}`);
      return made;
    };
    const update = (marker: MarkerView): void => {
      held = marker;
      const told = [tenths(marker.time_s), wallTime(view, marker.time_s), marker.label, byInWords(marker.by)];
      told.forEach((text, i) => setText(cells[i] as Node, text));
      if (undone === marker.undone) return;
      undone = marker.undone;
      element.classList.toggle("struck", undone);
      const acts = [
        small(t("review.correct"), () => change(context, held)),
        " ",
        small(t("review.undo"), () => void undo(context, held)),
      ];
      fill(
        last,
        undone ? h("span", { class: "badge" }, t("review.undone")) : context.role === "operator" && acts,
      );
    };
    return { element, update };
  }

  const draw = keyedList<MarkerView>(body, (marker) => marker.id, row);
  return {
    element: h("div", {}, table, none),
    update: (next) => {
      view = next;
      draw([...next.markers].sort((a, b) => a.time_s - b.time_s));
      show(table, next.markers.length > 0);
      show(none, next.markers.length === 0);
    },
  };
}

async function undo(context: Context, marker: MarkerView): Promise<void> {
  const reason = await askReason({
    title: t("review.undo_title", { label: marker.label }),
    text: t("review.undo_text"),
    action: t("review.undo"),
    suggestions: ["slip", "twice"].map((code) => t(`review.marker_why.${code}`)),
  });
  if (reason !== null) await context.act({ act: "undo_marker", id: marker.id, reason });
}

// One dialog for a new marker and for the correction of one.
export function change(context: Context, marker: MarkerView | null): void {
  const label = h("input", {
    id: "marker-label",
    type: "text",
    maxlength: 200,
    value: marker?.label ?? "",
    autofocus: true,
  });
  const at = timeField("marker-at", marker ? tenths(marker.time_s) : "");
  const why = h("textarea", { id: "marker-why", rows: 2, maxlength: 500 });
  const wrong = h("p", { class: "field-error", role: "alert" });
  const save = async (): Promise<void> => {
    const typed = secondsOf(at.value);
    const unmoved = marker !== null && at.value.trim() === tenths(marker.time_s);
    const at_s = unmoved ? marker.time_s : typed;
    const reason = why.value.trim();
    if (at_s === null || !label.value.trim() || !reason) return setText(wrong, t("review.marker_bad"));
    const told = { label: label.value.trim(), at_s, reason };
    const view = await context.act(
      marker ? { act: "correct_marker", id: marker.id, ...told } : { act: "mark", ...told },
    );
    if (view) dialog.close();
  };
  const dialog = openDialog(
    marker ? t("review.correct_title") : t("review.add_title"),
    [
      labelled("marker-label", t("review.label"), label),
      labelled("marker-at", t("review.at"), at),
      labelled("marker-why", t("ask.reason"), why),
      h("p", { class: "quiet" }, t("ask.reason_note")),
      wrong,
    ],
    [
      { label: t("ask.cancel"), press: () => dialog.close() },
      { label: t(marker ? "review.correct" : "review.add"), kind: "primary", press: () => void save() },
    ],
  );
}

function wallTime(view: View | null, time_s: number): string {
  const start = Date.parse(view?.wall_start ?? "");
  return Number.isNaN(start)
    ? "–"
    : new Date(start + time_s * 1000).toLocaleTimeString(language(), { hour12: false });
}
