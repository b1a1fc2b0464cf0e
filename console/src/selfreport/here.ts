// A form that is filled in on the operator's own page, in the participant's stead.
import { askReason, button } from "../ask";
import { fill, h, show } from "../dom";
import { Filling } from "../form/filling";
import { asOperator } from "../form/server";
import { sheet } from "../form/sheet";
import type { FormView } from "../types";
import { t } from "../words";

export interface Here {
  element: HTMLElement;
  open(view: FormView): void;
  leave(): void;
}

export function here(): Here {
  const element = h("section", { class: "form-here", "aria-label": t("selfreport.here") });
  let filling: Filling | null = null;

  function open(view: FormView): void {
    filling?.leave();
    filling = view.page && view.document ? new Filling(view.page, view.document, asOperator) : null;
    show(element, filling !== null);
    if (!filling) return fill(element);
    const made = sheet(filling, { heading: "h2", closed: putAway, reasonForMissing });
    const aside = button({ label: t("selfreport.put_aside"), press: putAway });
    aside.classList.add("button-small");
    fill(
      element,
      h("div", { class: "spread" }, h("p", { class: "quiet" }, t("selfreport.here_note")), aside),
      made.element,
    );
    made.focus();
    element.scrollIntoView({ block: "start" });
  }

  // The form stays open at the server; only its drawing goes.
  function putAway(): void {
    filling?.leave();
    filling = null;
    fill(element);
    show(element, false);
  }

  show(element, false);
  return { element, open, leave: () => filling?.leave() };
}

function reasonForMissing(): Promise<string | null> {
  return askReason({
    title: t("form.leave_out_title"),
    text: t("form.leave_out_text"),
    action: t("form.leave_out"),
    suggestions: ["declined", "time", "unable"].map((code) => t(`form.reason.${code}`)),
  });
}
