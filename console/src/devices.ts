// A device in one line: what it does, its battery, its link, its clock.
import { h, setText, show, svg, setAttribute, type Row } from "./dom";
import { syntheticBadge } from "./lights";
import type { Live } from "./live";
import { isMute } from "./streams";
import type { DeviceView } from "./types";
import { number, t } from "./words";

type State = DeviceView["state"] | "mute" | "unknown"; // mute: connected, but nothing comes

const SHAPE: Record<State, [look: string, path: string]> = {
  connected: ["ok", "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12z"],
  stalled: ["look", "M8 2.5L14.5 13.5H1.5z"],
  lost: ["bad", "M2.5 2.5h11v11h-11z"],
  ended: ["waiting", "M2.5 8h11"],
  mute: ["look", "M8 2.5L14.5 13.5H1.5z"],
  unknown: ["waiting", "M2.5 8h.01M8 8h.01M13.5 8h.01"],
};

export function deviceLine(live: Live, first: DeviceView): Row<DeviceView> {
  const shape = svg("path", { "stroke-width": 2, "stroke-linejoin": "round" });
  const word = h("span");
  const state = h("span", {}, svg("svg", { class: "light-mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, shape), word);
  const battery = h("span");
  const link = h("span");
  const clock = h("span");
  const open = h("span", { class: "badge badge-bad" }, t("badge.unauthenticated"));
  const synthetic = syntheticBadge();
  const element = h("div", { class: "device-line" }, h("strong", {}, first.name), state, battery, link, clock, synthetic, open);
  const update = (device: DeviceView): void => {
    const told = stateOf(live, device);
    const [look, path] = SHAPE[told];
    setAttribute(state, "class", `light light-${look}`);
    setAttribute(shape, "d", path);
    setText(word, t(`device.${told}`));
    const percent = device.battery_percent;
    setText(battery, percent === null ? "" : t(percent < 20 ? "device.battery_low" : "device.battery", { percent: number(percent) }));
    setText(link, device.rssi_dbm === null ? "" : t("device.rssi", { dbm: number(device.rssi_dbm) }));
    setText(clock, device.clock_ms === null ? "" : t("device.clock", { ms: number(device.clock_ms, device.clock_ms < 10 ? 1 : 0) }));
    for (const part of [battery, link, clock]) show(part, part.textContent !== "");
    show(synthetic, !device.real);
    show(open, device.authenticated === false);
  };
  return { element, update };
}

function stateOf(live: Live, device: DeviceView): State {
  if (live.gone) return "unknown";
  const mute = device.state === "connected" && live.view !== null && isMute(live.view, device.name);
  return mute ? "mute" : device.state;
}
