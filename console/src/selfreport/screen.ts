// After the run: what the participant still has to say, and on to the review.
import { askReason, button } from "../ask";
import { h, setText } from "../dom";
import { page, type Context, type Screen } from "../screen";
import type { View } from "../types";
import { t } from "../words";
import { formList, formTools } from "./forms";
import { here } from "./here";

export function selfReportScreen(context: Context): Screen {
  const answering = here();
  const list = formList(context, { opened: answering.open });
  const hint = h("span", { role: "status" });
  const onward = button({ label: t("selfreport.review"), kind: "primary", press: () => void review() });
  const operator = context.role === "operator";

  async function review(): Promise<void> {
    const due = context.live.view?.due_forms.length ?? 0;
    const title = t("selfreport.review_title");
    const text = t("selfreport.review_text", { n: due });
    const suggestions = ["declined", "time", "elsewhere"].map((code) => t(`selfreport.reason.${code}`));
    const reason = due ? await askReason({ title, text, action: t("selfreport.review"), suggestions }) : "";
    if (reason !== null) await context.act({ act: "review", reason });
  }

  function update(view: View | null): void {
    if (!view) return;
    list.update(view);
    const open = view.pages.some((told) => told.closed_s === null);
    onward.disabled = open;
    const due = view.due_forms.length;
    setText(
      hint,
      open
        ? t("selfreport.hint_open")
        : due
          ? t("selfreport.hint_due", { n: due })
          : t(view.pages.length ? "selfreport.hint_done" : "selfreport.none"),
    );
  }

  const element = page({
    title: t("selfreport.title"),
    lead: t("selfreport.lead"),
    body: [
      h(
        "section",
        { class: "card", "aria-labelledby": "forms-title" },
        h("h2", { id: "forms-title" }, t("selfreport.forms")),
        list.element,
      ),
      answering.element,
    ],
    left: formTools(context, { opened: answering.open }),
    hint,
    primary: operator && onward,
  });
  return { element, update, leave: answering.leave };
}

// The same list while the protocol runs, for the run screen to put where it has room.
export function selfReportPanel(context: Context): Screen {
  const answering = here();
  const list = formList(context, { opened: answering.open });
  const element = h(
    "div",
    { class: "stack" },
    list.element,
    h("div", { class: "row" }, formTools(context, { opened: answering.open })),
    answering.element,
  );
  return { element, update: (view) => view && list.update(view), leave: answering.leave };
}
