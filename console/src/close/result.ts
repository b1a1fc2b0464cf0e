// How a closed session stands: verified or not, what became of every sample, and its checksums.
import { h, type Child } from "../dom";
import type { Closed } from "../types";
import { number, t } from "../words";
import { copyButton } from "./copy";

export function verdict(closed: Closed): HTMLElement {
  const sign = h("span", { class: "verdict-mark", "aria-hidden": "true" }, closed.ok ? "✓" : "!");
  const text = closed.ok
    ? h("p", {}, t("close.ok_text"))
    : h(
        "ul",
        {},
        closed.problems.map((problem) => h("li", {}, problem)),
      );
  return h(
    "div",
    { class: `box verdict box-${closed.ok ? "good" : "bad"}` },
    sign,
    h(
      "div",
      {},
      h("h2", {}, t(closed.ok ? "close.ok" : "close.not_ok")),
      text,
      !closed.ok && h("p", {}, t("close.not_ok_remedy")),
    ),
  );
}

// Stored + lost + damaged = expected, wherever the stream can prove its losses.
export function account(closed: Closed, nameOf: (stream_id: string) => string): HTMLElement {
  const columns = ["stored", "expected", "lost", "damaged"];
  const count = (value: number | null): Child =>
    value === null ? h("span", { class: "quiet" }, t("close.unprovable")) : number(value);
  const row = ([id, told]: [string, Closed["streams"][string]]): HTMLElement => {
    const unprovable = told.expected === null;
    const lost = unprovable && told.lost_in_gaps === 0 ? null : told.lost_in_gaps;
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, nameOf(id)),
      [told.stored, unprovable ? "–" : number(told.expected ?? 0), count(lost), told.damaged].map((value) =>
        h("td", { class: "number" }, typeof value === "number" ? number(value) : value),
      ),
    );
  };
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": t("close.card.account") },
    h(
      "table",
      { class: "account" },
      h("caption", {}, t("close.account_note")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("close.stream")),
          columns.map((key) => h("th", { scope: "col", class: "number" }, t(`close.${key}`))),
        ),
      ),
      h("tbody", {}, Object.entries(closed.streams).map(row)),
    ),
  );
}

export function checksums(closed: Closed): HTMLElement {
  const one = (key: string, value: string): Child[] => [
    h("dt", {}, t(`close.${key}`)),
    h(
      "dd",
      { class: "checksum" },
      h("span", { class: "code" }, value || "–"),
      value !== "" && copyButton(value, t(`close.${key}`)),
    ),
  ];
  return h(
    "dl",
    { class: "facts checksums" },
    one("sha256", closed.sha256),
    one("audit_head", closed.audit_head),
  );
}
