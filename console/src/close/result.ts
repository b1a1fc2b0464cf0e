// How a closed session stands: verified or not, what became of every sample, and its checksums.
import { h, type Child } from "../dom";
import type { Closed } from "../types";
import { number, percent, t } from "../words";
import { copyButton } from "./copy";

const WORTH_A_LOOK = 0.05; // of a stream's samples (engineering choice)

// Which streams lost samples, and what share of them; the worst first.
function lossesOf(closed: Closed): { id: string; share: number }[] {
  return Object.entries(closed.streams)
    .map(([id, { stored, expected, lost_in_gaps }]) => ({
      id,
      share: lost_in_gaps / Math.max(1, expected ?? stored + lost_in_gaps),
    }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => Math.round(b.share * 100) - Math.round(a.share * 100)); // alike: as they stand below
}

function shareInWords(share: number): string {
  return share < 0.01 ? t("close.below_one") : percent(share);
}

export function verdict(closed: Closed, nameOf: (stream_id: string) => string): HTMLElement {
  const losses = lossesOf(closed);
  const [worst, ...others] = losses;
  const looks = worst !== undefined && worst.share > WORTH_A_LOOK ? "look" : "good";
  const titles = [
    t(closed.ok ? "close.ok" : "close.not_ok"),
    worst && t("close.lost_of", { share: shareInWords(worst.share), signal: nameOf(worst.id) }),
  ];
  const sign = h("span", { class: "verdict-mark", "aria-hidden": "true" }, closed.ok && looks === "good" ? "✓" : "!");
  const text = closed.ok
    ? h("p", {}, t("close.ok_text"))
    : h(
        "ul",
        {},
        closed.problems.map((problem) => h("li", {}, problem)),
      );
  return h(
    "div",
    { class: `box verdict box-${closed.ok ? looks : "bad"}` },
    sign,
    h(
      "div",
      {},
      h("h2", {}, titles.filter(Boolean).join("; ")),
      others.length > 0 &&
        h(
          "p",
          {},
          t("close.lost_others", {
            losses: others.map(({ id, share }) => `${nameOf(id)} ${shareInWords(share)}`).join(", "),
          }),
        ),
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
