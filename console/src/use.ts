// What a sitting is for, in the page's language; reports and exports have it in English.
import type { View } from "./types";
import { t, tAny } from "./words";

export function useInWords({ setting, purpose, grounds }: View["use"]): string {
  return t("use.sentence", {
    setting: tAny([`use.setting.${setting}`], setting),
    purpose: tAny([`use.purpose.${purpose}`], purpose),
    grounds: grounds ? ` (${grounds})` : "",
  });
}
