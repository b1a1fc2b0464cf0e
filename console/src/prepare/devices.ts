// Which devices and which model.
import { api } from "../api";
import { fill, h, show } from "../dom";
import { syntheticBadge } from "../lights";
import type { Context } from "../screen";
import type { DeviceChoice } from "../types";
import { t } from "../words";
import type { Draft } from "./draft";

export function deviceFields(context: Context, draft: Draft, changed: () => void): HTMLElement {
  const list = h("div", { class: "choices" });
  const said = h("div", { class: "quiet", role: "status" });
  const row = (device: DeviceChoice): HTMLElement => {
    const input = h("input", { type: "checkbox", checked: draft.devices.includes(device.uri) });
    input.addEventListener("change", () => {
      const others = draft.devices.filter((uri) => uri !== device.uri);
      draft.devices = input.checked ? [...others, device.uri] : others;
      changed();
    });
    const detail = h("span", { class: "quiet small" }, device.detail || device.uri);
    const title = h("span", { class: "spread" }, h("strong", {}, device.title), !device.real && syntheticBadge());
    return h("label", { class: "choice" }, input, h("span", { class: "choice-body" }, title, detail));
  };
  const draw = (): void => {
    const known = new Map([...context.desk.devices, ...draft.found].map((device) => [device.uri, device]));
    fill(list, [...known.values()].map(row));
  };
  const scan = h("button", { type: "button", class: "button" }, t("prepare.devices.scan"));
  const turning = h("span", { class: "spinner", "aria-hidden": "true", hidden: true });
  scan.addEventListener("click", async () => {
    scan.disabled = true;
    show(turning, true);
    said.textContent = t("prepare.devices.scanning");
    const result = await context.attempt(() => api.scan());
    scan.disabled = false;
    show(turning, false);
    draft.found = result ? result.found : draft.found;
    fill(
      said,
      result && t(result.found.length ? "prepare.devices.found" : "prepare.devices.none", { n: result.found.length }),
      result?.problems.map((problem) => h("p", { class: "box box-look" }, problem)),
    );
    draw();
  });
  draw();
  return h(
    "div",
    { class: "stack" },
    h("fieldset", {}, h("legend", {}, t("prepare.devices.legend")), list),
    h("div", { class: "row" }, scan, turning, said),
  );
}

export function modelFields(context: Context, draft: Draft, changed: () => void): HTMLElement {
  const about = h("div", { class: "stack" });
  const select = h(
    "select",
    { id: "model", value: draft.model },
    context.desk.models.map((model) => h("option", { value: model.name }, model.name)),
    h("option", { value: "" }, t("prepare.model.none")),
  );
  const say = (): void => {
    const model = context.desk.models.find((known) => known.name === draft.model);
    fill(
      about,
      !model && h("p", { class: "field-note" }, t("prepare.model.none_note")),
      model &&
        h(
          "dl",
          { class: "facts small" },
          fact(t("prepare.model.use"), model.intended_use),
          fact(t("prepare.model.not_for"), model.not_for),
          fact(t("prepare.model.licence"), model.licence),
        ),
    );
  };
  select.addEventListener("change", () => {
    draft.model = select.value;
    say();
    changed();
  });
  say();
  return h("div", { class: "stack" }, h("div", {}, h("label", { class: "field-label", for: "model" }, t("prepare.model.label")), select), about);
}

function fact(name: string, text: string): HTMLElement[] {
  return text ? [h("dt", {}, name), h("dd", {}, text)] : [];
}
