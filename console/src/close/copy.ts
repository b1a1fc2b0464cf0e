// A button that copies, and says that it did.
import { h, setText } from "../dom";
import { notifyError } from "../notice";
import { t } from "../words";

export function copyButton(text: string, what: string): HTMLElement {
  const label = t("close.copy");
  const made = h(
    "button",
    { type: "button", class: "button button-small", "aria-label": `${label}: ${what}` },
    label,
  );
  made.addEventListener("click", () => {
    // a browser has no clipboard where the address isn't a secure one
    const copied = Promise.resolve().then(() => navigator.clipboard.writeText(text));
    copied.then(() => {
      setText(made, t("close.copied"));
      setTimeout(() => setText(made, label), 2000);
    }, notifyError);
  });
  return made;
}
