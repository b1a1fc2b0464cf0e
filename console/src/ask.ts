// Modal dialogs. Enter presses the button that has the focus, as everywhere; it doesn't send the reason
// from its field, and a key that is held down presses once.
import { h, type Child } from "./dom";
import { t } from "./words";

export interface Button {
  label: string;
  kind?: "primary" | "danger" | "plain";
  disabled?: boolean;
  press(): void;
}

export function button(told: Button): HTMLButtonElement {
  const { label, kind = "plain", disabled = false, press } = told;
  const element = h("button", { type: "button", class: `button button-${kind}`, disabled, on: { click: press } }, label);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.repeat) event.preventDefault();
  });
  return element;
}

function noEnter(element: HTMLElement): void {
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

export interface Dialog {
  element: HTMLDialogElement;
  close(): void;
}

let counter = 0;

// Opens a dialog; closed runs once, however it goes away. Focus goes back where it was.
export function openDialog(title: string, body: Child[], buttons: Button[], closed: () => void = () => {}): Dialog {
  const id = `dialog-${++counter}`;
  const before = document.activeElement;
  const element = h(
    "dialog",
    { class: "dialog", "aria-labelledby": id },
    h("h2", { id }, title),
    h("div", { class: "dialog-body" }, body),
    h("div", { class: "dialog-buttons" }, buttons.map(button)),
  );
  element.addEventListener("close", () => {
    element.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    closed();
  });
  document.body.append(element);
  element.showModal();
  return { element, close: () => element.close() };
}

export interface ReasonQuestion {
  title: string;
  text?: string;
  action: string; // on the button
  danger?: boolean;
  suggestions?: string[]; // common reasons, to be clicked
}

// Gives the reason, or null when nothing is to be done.
export function askReason(question: ReasonQuestion): Promise<string | null> {
  return new Promise((resolve) => {
    let answer: string | null = null;
    const field = h("textarea", { id: "reason", rows: 2, maxlength: 500, autofocus: true });
    const suggest = (text: string): HTMLElement =>
      h("button", { type: "button", class: "chip", on: { click: () => type(text) } }, text);
    const type = (text: string): void => {
      field.value = text;
      field.dispatchEvent(new Event("input"));
      field.focus();
    };
    const dialog = openDialog(
      question.title,
      [
        question.text && h("p", {}, question.text),
        h("label", { class: "field-label", for: "reason" }, t("ask.reason")),
        field,
        h("p", { class: "quiet" }, t("ask.reason_note")),
        question.suggestions && h("div", { class: "chips" }, question.suggestions.map(suggest)),
      ],
      [
        { label: t("ask.cancel"), press: () => dialog.close() },
        {
          label: question.action,
          kind: question.danger ? "danger" : "primary",
          disabled: true,
          press: () => {
            answer = field.value.trim();
            dialog.close();
          },
        },
      ],
      () => resolve(answer),
    );
    const act = dialog.element.querySelector<HTMLButtonElement>(".dialog-buttons button:last-child");
    field.addEventListener("input", () => {
      if (act) act.disabled = field.value.trim() === "";
    });
    // a reason has no line breaks; Enter does nothing here
    noEnter(field);
  });
}

export function askSure(title: string, text: string, action: string, danger = false): Promise<boolean> {
  return new Promise((resolve) => {
    let sure = false;
    const dialog = openDialog(
      title,
      [h("p", {}, text)],
      [
        { label: t("ask.cancel"), press: () => dialog.close() },
        {
          label: action,
          kind: danger ? "danger" : "primary",
          press: () => {
            sure = true;
            dialog.close();
          },
        },
      ],
      () => resolve(sure),
    );
  });
}
