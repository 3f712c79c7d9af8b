/** What is wrong with a field of a new credential, in the words of the credential's own page. */
import type { CredentialKind } from "../catalogue/catalogue.svelte.ts";
import { t } from "../texts/texts.ts";

/** The fault at the place that the server names (`hosts`, `fields.token`); none when what was given does not tell it. */
export function fieldFault(
  kind: CredentialKind,
  place: string | null,
  given: Readonly<Record<string, string>>,
  hosts: readonly string[],
): string | undefined {
  if (place === "hosts") return hosts.length === 0 ? t("form.hosts_missing") : undefined;
  const field = kind.fields.find(({ name }) => place === `fields.${name}`);
  if (!field) return undefined;
  const value = given[field.name] ?? field.default;
  if (field.name === kind.hosts_from && value !== "") return t("form.address_invalid");
  if (value === "") return t("form.missing");
  if (field.choices.length > 0) return t("form.not_a_choice");
  return /\p{Control}/u.test(value) ? t("form.line_break") : undefined;
}

export { faultText } from "../execution/fault.ts";
