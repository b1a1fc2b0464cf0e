// The code of who is recorded: typed from the card and checked, or the next new one.
import { api, ProblemError } from "../api";
import { fill, h, setAttribute } from "../dom";
import { notifyError } from "../notice";
import type { Context } from "../screen";
import { day, t } from "../words";
import type { Draft } from "./draft";

const PAUSE_MS = 350; // of typing, before the code is looked at

export function participantFields(context: Context, draft: Draft, changed: () => void): HTMLElement {
  const input = h("input", {
    id: "participant",
    value: draft.typed,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 40,
    "aria-describedby": "participant-state",
  });
  const state = h("div", { id: "participant-state", "aria-live": "polite" });
  const foreign = h("input", { type: "checkbox", checked: draft.foreign });
  let asked = 0;
  let timer = 0;

  const good = (): void => {
    const earlier = context.desk.sessions.filter((s) => s.participant === draft.code);
    const latest = earlier[0] ? t("prepare.participant.latest", { date: day(earlier[0].started) }) : "";
    const words = t(earlier.length ? "prepare.participant.known" : "prepare.participant.first", { n: earlier.length });
    fill(state, h("p", { class: "field-note good-text" }, `✓ ${draft.code} · ${words} ${latest}`));
  };
  const wrong = (error: ProblemError): void => {
    const suggestions = error.problem.suggestions;
    const meant = (suggestions ?? []).map((code) =>
      h("button", { type: "button", class: "chip", on: { click: () => take(code) } }, code),
    );
    fill(
      state,
      h("p", { class: "field-error" }, t("prepare.participant.wrong")),
      meant.length
        ? h("div", { class: "row" }, h("span", { class: "quiet" }, t("prepare.participant.meant")), meant)
        : h("p", { class: "field-note" }, t("prepare.participant.look")),
    );
  };
  const check = async (): Promise<void> => {
    const mine = ++asked;
    draft.code = "";
    changed();
    if (!draft.typed.trim()) return fill(state);
    try {
      const { code } = await api.readCode(asCode(draft), draft.foreign);
      if (mine !== asked) return;
      draft.code = code;
      good();
    } catch (error) {
      if (mine !== asked) return;
      if (error instanceof ProblemError && error.status === 422) wrong(error);
      else notifyError(error);
    }
    setAttribute(input, "aria-invalid", draft.code ? null : "true");
    changed();
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void check(), PAUSE_MS);
  };
  const take = (code: string): void => {
    input.value = draft.typed = code;
    input.focus();
    void check();
  };
  const next = (): void =>
    void context.attempt(async () => {
      foreign.checked = draft.foreign = false;
      take((await api.nextCode(context.desk.site)).code);
    });
  input.addEventListener("input", () => {
    draft.typed = input.value;
    setAttribute(input, "aria-invalid", null);
    later();
  });
  foreign.addEventListener("change", () => {
    draft.foreign = foreign.checked;
    void check();
  });
  if (draft.code) good();
  else if (draft.typed) void check();
  return h(
    "div",
    {},
    h("label", { class: "field-label", for: "participant" }, t("prepare.participant.label")),
    h(
      "div",
      { class: "row" },
      h("div", { class: "code-field" }, input),
      h("button", { type: "button", class: "button", on: { click: next } }, t("prepare.participant.next")),
    ),
    state,
    h("label", { class: "check small" }, foreign, h("span", {}, t("prepare.participant.foreign"))),
    h("p", { class: "field-note" }, t("prepare.participant.note")),
  );
}

// Our own codes are read with any spaces; codes from elsewhere are taken as they are.
function asCode({ typed, foreign }: Draft): string {
  return foreign ? typed.trim() : typed.trim().replace(/\s+/g, "-");
}
