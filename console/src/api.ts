// Every route of the server. What isn't 2xx becomes a ProblemError with the server's own words.
import type {
  Closed, Desk, DeviceChoice, FormAct, FormView, Overview, Problem, Role, SessionFacts, SittingAct,
  SittingPlan, View,
} from "./types";
import { t } from "./words";

export class ProblemError extends Error {
  constructor(
    readonly status: number, // 0: the server wasn't reached
    readonly problem: Problem,
    readonly deed = "", // what was asked for: see deedOf
  ) {
    super(problem.what);
    this.name = "ProblemError";
  }
}

export type ExportFormat = "parquet" | "bids" | "edf" | "xdf" | "e4";

// Told of each deed that succeeds: what was said of its failing is out of date then.
let succeeded: (deed: string) => void = () => {};

export function onSuccess(listener: (deed: string) => void): void {
  succeeded = listener;
}

// The same for the same kind of act, whichever session it is about.
function deedOf(method: string, path: string, body: unknown): string {
  const act = (body as { act?: string } | undefined)?.act ?? "";
  return `${method} ${path.replace(/(\/sessions\/)[^/]+/, "$1*")} ${act}`;
}

async function send(method: "GET" | "POST", path: string, body?: unknown): Promise<Response> {
  const request: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
  if (method === "POST") {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body ?? {});
  }
  const deed = deedOf(method, path, body);
  const response = await fetch(path, request).catch(() => {
    throw new ProblemError(0, unreachable(), deed);
  });
  if (!response.ok) throw new ProblemError(response.status, await problemOf(response), deed);
  succeeded(deed);
  return response;
}

function unreachable(): Problem {
  return {
    name: "Unreachable",
    what: t("problem.unreachable.what"),
    expected: "",
    got: "",
    remedy: t("problem.unreachable.remedy"),
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const told: unknown = await response.json().catch(() => null);
  const problem = (told as { error?: Problem } | null)?.error;
  if (problem && typeof problem.what === "string") return problem;
  const what = t("problem.answer.what", { status: response.status });
  return { name: "Answer", what, expected: "", got: "", remedy: t("problem.answer.remedy") };
}

async function get<T>(path: string): Promise<T> {
  return (await (await send("GET", path)).json()) as T;
}

async function post<T>(path: string, body?: unknown): Promise<T> {
  return (await (await send("POST", path, body)).json()) as T;
}

const session = (name: string): string => `/api/sessions/${encodeURIComponent(name)}`;

export const api = {
  desk: () => get<Desk>("/api/desk"),
  sitting: () => get<View | null>("/api/sitting"),
  begin: (plan: SittingPlan) => post<View>("/api/sitting", plan),
  act: (act: SittingAct) => post<View>("/api/sitting/acts", act),
  clear: async (): Promise<void> => void (await send("POST", "/api/sitting/clear")),
  overview: () => get<Overview>("/api/sitting/overview"),
  form: () => get<FormView>("/api/form"),
  formAct: async (act: FormAct): Promise<{ view: FormView; hints: string[] }> => {
    const response = await send("POST", "/api/form/acts", act);
    const hints = response.headers.get("X-Identity-Hints");
    return {
      view: (await response.json()) as FormView,
      hints: hints ? (JSON.parse(hints) as string[]) : [],
    };
  },
  enter: (token: string) => post<{ role: Role }>("/api/enter", { token }),
  invite: (role: Role) => post<{ url: string }>("/api/invite", { role }),
  leave: async (): Promise<void> => void (await send("POST", "/api/leave")),
  scan: () => post<{ found: DeviceChoice[]; problems: string[] }>("/api/scan"),
  nextCode: (site: string) => post<{ code: string }>("/api/codes/next", { site }),
  readCode: (text: string, foreign: boolean) =>
    post<{ code: string }>("/api/codes/read", { text, foreign }),
  sessions: () => get<SessionFacts[]>("/api/sessions"),
  verify: (name: string) => post<Closed>(`${session(name)}/verify`),
  recover: (name: string) => post<{ name: string }>(`${session(name)}/recover`),
  exportSession: (name: string, formats: ExportFormat[], shift_time: boolean) =>
    post<{ file: string; bytes: number }>(`${session(name)}/export`, { formats, shift_time }),
  reportUrl: (name: string) => `${session(name)}/report`,
  exportUrl: (name: string, file: string) => `${session(name)}/exports/${encodeURIComponent(file)}`,
};

// The one-time token stands behind the # (which is never sent anywhere): it is handed in once and
// taken out of the address before anybody can copy it.
export async function enterByFragment(): Promise<void> {
  const token = location.hash.replace(/^#(token=)?/, "");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  await api.enter(decodeURIComponent(token));
}
