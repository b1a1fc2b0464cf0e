// Writes a session as other programs read it, and offers the file.
import { api, type ExportFormat } from "../api";
import { button } from "../ask";
import { fill, h, setText } from "../dom";
import type { Context } from "../screen";
import type { SessionFacts } from "../types";
import { bytes, t } from "../words";

const FORMATS: ExportFormat[] = ["parquet", "bids", "edf", "xdf", "e4"];

// sharing: whether the participant agreed that data leave the site; null: not known.
type Exported = Pick<SessionFacts, "name" | "sharing">;

export function exporter(context: Context, { name, sharing }: Exported): HTMLElement {
  const boxes = new Map(
    FORMATS.map((format) => [
      format,
      h("input", { type: "checkbox", value: format, checked: format === "parquet" }),
    ]),
  );
  const shift = h("input", { type: "checkbox" });
  const told = h("div", { class: "export-told", role: "status" });
  const go = button({ label: t("close.export"), press: () => void write() });
  const stays = h("input", { type: "checkbox" });
  const agreed = (): boolean => sharing !== false || stays.checked;
  const allow = (): void => void (go.disabled = !agreed());
  stays.addEventListener("change", allow);
  allow();
  const one = (input: HTMLElement, key: string): HTMLElement =>
    h(
      "label",
      { class: "check" },
      input,
      h(
        "span",
        {},
        h("strong", {}, t(`close.format.${key}`)),
        h("br"),
        h("span", { class: "quiet" }, t(`close.format.${key}.note`)),
      ),
    );

  async function write(): Promise<void> {
    const formats = FORMATS.filter((format) => boxes.get(format)?.checked);
    if (!formats.length) return setText(told, t("close.export_none"));
    go.disabled = true;
    fill(told, h("span", { class: "spinner", "aria-hidden": "true" }), " ", t("close.exporting"));
    const made = await context.attempt(() => api.exportSession(name, formats, shift.checked));
    allow();
    if (!made) return setText(told, "");
    const href = api.exportUrl(name, made.file);
    fill(
      told,
      h("a", { class: "download", href, download: made.file }, t("close.download", { file: made.file })),
      ` (${bytes(made.bytes)})`,
    );
  }

  return h(
    "div",
    { class: "stack" },
    h(
      "fieldset",
      {},
      h("legend", { class: "hidden-text" }, t("close.formats")),
      h(
        "div",
        { class: "formats" },
        FORMATS.map((format) => one(boxes.get(format) as HTMLElement, format)),
      ),
    ),
    one(shift, "shift"),
    sharing === false &&
      h(
        "div",
        { class: "box box-look" },
        h("p", {}, h("strong", {}, t("close.no_sharing"))),
        h("label", { class: "check" }, stays, t("close.stays")),
      ),
    h("div", { class: "row" }, go, told),
  );
}
