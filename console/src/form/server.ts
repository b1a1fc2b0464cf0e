// Where a form's answers go: an operator's page asks as itself, the participant's page as the
// participant, even in a browser that an operator has entered too (header X-As).
import { api, ProblemError } from "../api";
import type { FormAct, FormView, Problem } from "../types";
import { t } from "../words";

export interface FormServer {
  form(): Promise<FormView>;
  act(act: FormAct): Promise<{ view: FormView; hints: string[] }>;
}

export const asOperator: FormServer = { form: api.form, act: api.formAct };

export const asParticipant: FormServer = {
  form: async () => (await (await ask("/api/form")).json()) as FormView,
  act: async (act) => {
    const response = await ask("/api/form/acts", act);
    const hints = response.headers.get("X-Identity-Hints");
    const view = (await response.json()) as FormView;
    return { view, hints: hints ? (JSON.parse(hints) as string[]) : [] };
  },
};

async function ask(path: string, act?: FormAct): Promise<Response> {
  const headers = { "Content-Type": "application/json", "X-As": "participant" };
  const request: RequestInit = { headers, credentials: "same-origin", cache: "no-store" };
  if (act) Object.assign(request, { method: "POST", body: JSON.stringify(act) });
  const unreached = problem(t("problem.unreachable.what"), t("problem.unreachable.remedy"));
  const response = await fetch(path, request).catch(() => {
    throw new ProblemError(0, unreached);
  });
  if (response.ok) return response;
  const told = (await response.json().catch(() => null)) as { error?: Problem } | null;
  const status = response.status;
  throw new ProblemError(status, told?.error ?? problem(t("problem.answer.what", { status }), ""));
}

function problem(what: string, remedy: string): Problem {
  return { name: "Unreachable", what, expected: "", got: "", remedy };
}
