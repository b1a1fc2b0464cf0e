// The list of keys, opened by "?".
import { openDialog } from "./ask";
import { h } from "./dom";
import type { Screen } from "./screen";
import { t } from "./words";

export function showKeys(screen: Screen | null): void {
  if (document.querySelector("dialog[open]")) return;
  const rows: [string, string][] = [
    ...(screen?.keys?.() ?? []),
    ["Tab", t("keys.tab")],
    ["␣ ⏎", t("keys.space")],
    ["Esc", t("keys.escape")],
    ["?", t("keys.help")],
  ];
  const list = h(
    "dl",
    { class: "facts" },
    rows.map(([key, does]) => [h("dt", {}, h("kbd", { class: "key" }, key)), h("dd", {}, does)]),
  );
  const dialog = openDialog(
    t("keys.title"),
    [list, h("p", { class: "quiet" }, t("keys.enter"))],
    [{ label: t("keys.close"), kind: "primary", press: () => dialog.close() }],
  );
}
