// Addresses for other pages: who looks on, who fills in forms, who helps to run the session.
import { api } from "./api";
import { openDialog } from "./ask";
import { copyButton } from "./close/copy";
import { fill, h } from "./dom";
import type { Context } from "./screen";
import type { Role } from "./types";
import { t } from "./words";

const ROLES: Role[] = ["viewer", "participant", "operator"];

export function invite(context: Context): void {
  const dialog = openDialog(
    t("invite.title"),
    [h("p", {}, t("invite.text")), h("ul", { class: "invitations" }, ROLES.map((role) => invitation(context, role)))],
    [{ label: t("keys.close"), kind: "primary", press: () => dialog.close() }],
  );
  dialog.element.classList.add("dialog-wide");
}

function invitation(context: Context, role: Role): HTMLElement {
  const made = h("div", { class: "invitation-made", role: "status" });
  const name = t(`invite.${role}`);
  const make = h(
    "button",
    { type: "button", class: "button button-small", "aria-label": `${t("invite.make")}: ${name}` },
    t("invite.make"),
  );
  make.addEventListener("click", async () => {
    make.disabled = true;
    const found = await context.attempt(() => api.invite(role));
    make.disabled = false;
    if (found) fill(made, h("p", { class: "code" }, found.url), copyButton(found.url, name));
  });
  const about = h("div", {}, h("h3", {}, name), h("p", { class: "quiet" }, t(`invite.${role}_may`)));
  return h("li", {}, h("div", { class: "invitation" }, about, make), made);
}
