/** Says in the person's words why a call failed. */
import { ApiProblem, Unreachable } from "../api/client.ts";
import { currentLocale, type TextKey, t, textFor } from "../texts/texts.ts";

/** The texts for the codes of the API. */
const KINDS: Readonly<Record<string, TextKey>> = {
  cross_site: "editor.fault.signed_out",
  forbidden: "editor.fault.forbidden",
  in_use: "editor.fault.state",
  internal: "failure.internal.title",
  invalid_definition: "editor.fault.draft",
  not_found: "editor.fault.not_found",
  revision_conflict: "editor.fault.state",
  too_large: "editor.fault.larger",
  too_many_requests: "editor.fault.too_many",
  unavailable: "editor.fault.unavailable",
  wrong_state: "editor.fault.state",
};

/** The API's own sentence is English and more exact, so who reads English gets that one. */
export function faultText(error: unknown): string {
  if (error instanceof Unreachable) return t("editor.fault.offline");
  // A part of the editor that could not be fetched.
  if (error instanceof TypeError) return t("editor.lazy.failed");
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  if (error.status === 401) return t("editor.fault.signed_out");
  if (error.status === 413 && error.document.parameter === "value") return t("editor.fault.too_large");
  if (currentLocale() === "en") return error.detail;
  const kind = KINDS[error.code];
  if (kind !== undefined) return t(kind);
  // Rare, and only the exact words tell what to mend.
  return `${titleOf(error.code)} (${error.detail})`;
}

function titleOf(code: string): string {
  // It may read well and still give nothing.
  if (code === "invalid_expression") return t("failure.expression.title");
  return textFor(`draft.${code}`) ?? t("editor.fault.other");
}
