// Artefacts: marked with the brush or by fields, each with who and why; lifting one is a record too.
import { askReason, button } from "../ask";
import { fill, h, keyedList, setText, show, type Row } from "../dom";
import type { Context } from "../screen";
import type { ArtefactView, View } from "../types";
import { signal, t, tAny } from "../words";
import { secondsOf, tenths, type Range } from "./range";

export interface Part {
  element: HTMLElement;
  update(view: View): void;
}

// Asks why, and marks the stretch.
export async function markArtefact(context: Context, stream_id: string, stretch: Range): Promise<void> {
  const reason = await askReason({
    title: t("review.mark_title", { signal: nameOf(context.live.view, stream_id) }),
    text: t("review.mark_text", { from: tenths(stretch.from), to: tenths(stretch.to) }),
    action: t("review.mark"),
    suggestions: ["movement", "contact", "removed", "noise"].map((code) => t(`review.why.${code}`)),
  });
  if (reason === null) return;
  const { from: start_s, to: end_s } = stretch;
  await context.act({ act: "mark_artefact", stream_id, start_s, end_s, reason });
}

// The brush for the keyboard: the same stretch, typed.
export function artefactFields(context: Context): Part {
  const stream = h("select", { id: "artefact-stream" });
  const from = timeField("artefact-from");
  const to = timeField("artefact-to");
  const wrong = h("p", { class: "field-error", role: "alert" });
  let known = "";

  const mark = (): void => {
    const stretch = { from: secondsOf(from.value), to: secondsOf(to.value) };
    const fits = stretch.from !== null && stretch.to !== null && stretch.from < stretch.to;
    setText(wrong, fits ? "" : t("review.bad_times"));
    for (const field of [from, to]) field.setAttribute("aria-invalid", String(!fits));
    if (fits) void markArtefact(context, stream.value, stretch as Range);
  };
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "artefact-fields" },
      labelled("artefact-stream", t("review.stream"), stream),
      labelled("artefact-from", t("review.from"), from),
      labelled("artefact-to", t("review.to"), to),
      button({ label: t("review.mark_these"), press: mark }),
    ),
    wrong,
  );
  const update = (view: View): void => {
    const ids = view.streams.map((told) => told.id).join(" ");
    if (ids === known) return;
    known = ids;
    fill(
      stream,
      view.streams.map((told) => h("option", { value: told.id }, nameOf(view, told.id))),
    );
  };
  return { element, update };
}

export function artefactList(context: Context): Part {
  const body = h("tbody");
  const head = ["stream", "stretch", "why", "who"].map((key) =>
    h("th", { scope: "col" }, t(`review.${key}`)),
  );
  const table = h(
    "div",
    { class: "table-scroll" },
    h("table", { class: "review-table" }, h("thead", {}, h("tr", {}, head, actsHead())), body),
  );
  const none = h("p", { class: "quiet" }, t("review.no_artefacts"));
  let view: View | null = null;

  function row(): Row<ArtefactView> {
    const cells = [0, 1, 2, 3].map(() => h("td"));
    const last = h("td", { class: "number" });
    const element = h("tr", {}, cells, last);
    let lifted: boolean | null = null;
    const update = (mark: ArtefactView): void => {
      const stretch = `${tenths(mark.start_s)} – ${tenths(mark.end_s)}`;
      [nameOf(view, mark.stream_id), stretch, mark.reason, byInWords(mark.by)].forEach((text, i) =>
        setText(cells[i] as Node, text),
      );
      if (lifted === mark.lifted) return;
      lifted = mark.lifted;
      element.classList.toggle("struck", mark.lifted);
      fill(
        last,
        mark.lifted
          ? h("span", { class: "badge" }, t("review.lifted"))
          : context.role === "operator" && lift(mark),
      );
    };
    return { element, update };
  }

  function lift(mark: ArtefactView): HTMLElement {
    const press = async (): Promise<void> => {
      const reason = await askReason({
        title: t("review.lift_title"),
        text: t("review.lift_text"),
        action: t("review.lift"),
      });
      if (reason !== null) await context.act({ act: "lift_artefact", id: mark.id, reason });
    };
    const made = button({ label: t("review.lift"), press: () => void press() });
    made.classList.add("button-small");
    made.setAttribute(
      "aria-label",
      `${t("review.lift")}: ${nameOf(view, mark.stream_id)} ${tenths(mark.start_s)}`,
    );
    return made;
  }

  const draw = keyedList<ArtefactView>(body, (mark) => mark.id, row);
  return {
    element: h("div", {}, table, none),
    update: (next) => {
      view = next;
      draw(next.artefacts);
      show(table, next.artefacts.length > 0);
      show(none, next.artefacts.length === 0);
    },
  };
}

// A stream in words; with its device where two have the same signal.
export function nameOf(view: View | null, stream_id: string): string {
  const stream = view?.streams.find((told) => told.id === stream_id);
  if (!stream) return stream_id;
  const twice = view?.streams.some((other) => other.kind === stream.kind && other.id !== stream_id);
  return twice ? `${signal(stream.kind)} · ${stream.device}` : signal(stream.kind);
}

// Whoever acted: a role in words, else as it was written down.
export function byInWords(by: string): string {
  return tAny([`review.by.${by}`], by);
}

export function actsHead(): HTMLElement {
  return h("th", { scope: "col" }, h("span", { class: "hidden-text" }, t("review.acts")));
}

export function timeField(id: string, value = ""): HTMLInputElement {
  return h("input", {
    id,
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    placeholder: "0:00.0",
    value,
  });
}

export function labelled(id: string, label: string, field: HTMLElement): HTMLElement {
  return h("div", {}, h("label", { class: "field-label", for: id }, label), field);
}
