/** Says in the person's words why a call failed. */
import { ApiProblem, Unreachable } from "../api/client.ts";
import { t } from "../texts/texts.ts";

export function faultText(error: unknown): string {
  if (error instanceof Unreachable) return t("editor.fault.offline");
  if (!(error instanceof ApiProblem)) return String(error);
  if (error.status === 401) return t("editor.fault.signed_out");
  if (error.status === 413) return t("editor.fault.too_large");
  return error.detail;
}
