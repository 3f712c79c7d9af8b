/** What came of trying a credential, in words; the credential's own page says the same. */
import type { NodeError } from "../data.ts";
import { explain } from "../execution/failure.ts";
import { t, textFor } from "../texts/texts.ts";

/** The server's answer to a trial. */
export interface Verdict {
  readonly ok: boolean;
  /** The status of the service's answer, if there was one. */
  readonly status?: number;
  /** Why it does not work. */
  readonly error?: NodeError;
}

/** The codes whose text has another name. */
const NAMES: Readonly<Record<string, string>> = { credential: "refused", parameter: "address" };

export function verdictText({ status, error }: Verdict): string {
  if (!error) {
    return status === undefined ? t("credentials.test.signed_in") : t("credentials.test.works", { status });
  }
  const words = textFor(`credentials.test.${NAMES[error.code] ?? error.code}`) ?? t("credentials.test.unclear");
  return [words, explain(error).reason].filter((text) => text !== "").join(" ");
}
