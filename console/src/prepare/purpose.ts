// What the recording is for, and what the participant agreed to.
import { fill, h, setAttribute } from "../dom";
import type { Context } from "../screen";
import { t, tAny } from "../words";
import { barred, daysFit, type Draft } from "./draft";

export function purposeFields(context: Context, draft: Draft, changed: () => void): HTMLElement {
  const bar = h("div", { "aria-live": "polite" });
  const say = (): void => {
    const why = barred(draft);
    fill(
      bar,
      why &&
        h("div", { class: "box box-look" }, h("p", {}, h("strong", {}, t(`prepare.purpose.barred_${why}`))), h("p", {}, t("prepare.purpose.barred_note"))),
    );
    changed();
  };
  const choice = (field: "setting" | "purpose", values: string[]): HTMLElement => {
    const select = h(
      "select",
      { id: field, value: draft[field] },
      h("option", { value: "" }, t("prepare.purpose.choose")),
      values.map((value) => h("option", { value }, tAny([`use.${field}.${value}`], value))),
    );
    select.addEventListener("change", () => {
      draft[field] = select.value;
      say();
    });
    return h("div", {}, h("label", { class: "field-label", for: field }, t(`prepare.purpose.${field}`)), select);
  };
  const grounds = h("input", { id: "grounds", value: draft.grounds, maxlength: 200, autocomplete: "off", "aria-describedby": "grounds-note" });
  grounds.addEventListener("input", () => {
    draft.grounds = grounds.value;
    say();
  });
  const element = h(
    "div",
    { class: "stack" },
    h("div", { class: "columns" }, choice("setting", context.desk.settings), choice("purpose", context.desk.purposes)),
    h(
      "div",
      {},
      h("label", { class: "field-label", for: "grounds" }, t("prepare.purpose.grounds")),
      grounds,
      h("p", { class: "field-note", id: "grounds-note" }, t("prepare.purpose.grounds_note")),
    ),
    bar,
  );
  say();
  return element;
}

export function consentFields(_context: Context, draft: Draft, changed: () => void): HTMLElement {
  const box = (field: "recording" | "estimates" | "sharing"): HTMLElement => {
    const input = h("input", { type: "checkbox", checked: draft[field] });
    input.addEventListener("change", () => {
      draft[field] = input.checked;
      changed();
    });
    const text = h("span", {}, t(`prepare.consent.${field}`), h("span", { class: "field-note block" }, t(`prepare.consent.${field}_note`)));
    return h("label", { class: "check" }, input, text);
  };
  const paper = h("input", { id: "document", value: draft.document, maxlength: 100, autocomplete: "off" });
  paper.addEventListener("input", () => void (draft.document = paper.value));
  const days = h("input", { id: "keep-days", value: draft.keep_days, inputmode: "numeric", maxlength: 5, autocomplete: "off", "aria-describedby": "days-note" });
  days.addEventListener("input", () => {
    draft.keep_days = days.value;
    setAttribute(days, "aria-invalid", daysFit(days.value) ? null : "true");
    changed();
  });
  return h(
    "div",
    { class: "stack" },
    h("fieldset", {}, h("legend", {}, t("prepare.consent.legend")), box("recording"), box("estimates"), box("sharing")),
    h(
      "div",
      { class: "columns" },
      h("div", {}, h("label", { class: "field-label", for: "document" }, t("prepare.consent.document")), paper, h("p", { class: "field-note" }, t("prepare.consent.document_note"))),
      h("div", {}, h("label", { class: "field-label", for: "keep-days" }, t("prepare.consent.days")), days, h("p", { class: "field-note", id: "days-note" }, t("prepare.consent.days_note"))),
    ),
  );
}
