// What stands here when the console can't be entered.
import { asProblem, problemLines } from "./notice";
import { button } from "./ask";
import { h } from "./dom";
import { brand } from "./header";
import { t } from "./words";

export function door(why: "closed" | "participant" | "away", error?: unknown): void {
  const text = why === "participant" ? "door.participant" : "door.text";
  const body =
    why === "away"
      ? problemLines(asProblem(error))
      : [h("p", {}, t(text)), why === "closed" && h("p", { class: "quiet" }, t("door.how"))];
  const title = why === "away" ? t("problem.unreachable.what") : t("door.title");
  const again = button({ label: t("door.again"), kind: "primary", press: () => location.reload() });
  document.title = "wearaffect";
  document.body.replaceChildren(
    h("main", { class: "door" }, brand(), h("div", { class: "card" }, h("h1", {}, title), body, h("p", {}, again))),
  );
}
