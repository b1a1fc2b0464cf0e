// Which rest estimates are compared with.
import type { Context } from "./screen";
import type { View } from "./types";
import { clock, moment, t } from "./words";

// When the session was from which a rest is reused; its name where that isn't known.
export function restDate(context: Context, session: string): string {
  const started = context.desk.sessions.find((facts) => facts.name === session)?.started;
  return started ? moment(started) : session;
}

// Empty: there is no rest yet.
export function restInWords(context: Context, view: View): string {
  if (!view.resting) return "";
  const { session, taken_s } = view.resting;
  if (session) return t("rest.reused", { date: restDate(context, session) });
  return t("rest.own", { time: clock(taken_s) });
}
