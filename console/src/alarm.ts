// The program doesn't answer: said across the whole page, and nothing can be pressed until it does.
import { h, setText, show } from "./dom";
import type { Live } from "./live";
import { t } from "./words";

export function cutOffAlarm(live: Live): { element: HTMLElement; update(): void } {
  const title = h("strong", {});
  const text = h("span", {});
  const element = h("div", { class: "alarm", role: "alert", hidden: true }, title, text);
  const update = (): void => {
    const about = live.link === "refused" ? "refused" : live.view ? "sitting" : "idle";
    setText(title, live.gone ? t("link.gone") : "");
    setText(text, live.gone ? t(`alarm.${about}`) : "");
    show(element, live.gone);
  };
  return { element, update };
}

const HELD = "held"; // data attribute of buttons that were pressable before

// A form that is being filled keeps its answers itself until they can be sent.
export function holdButtons(hold: boolean): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>(
    "main button, dialog .button-primary, dialog .button-danger, .tool-invite",
  );
  for (const button of buttons) {
    if (hold && !button.disabled && !button.closest(".form-here")) {
      button.disabled = true;
      button.dataset[HELD] = "";
    } else if (!hold && HELD in button.dataset) {
      button.disabled = false;
      delete button.dataset[HELD];
    }
  }
}
