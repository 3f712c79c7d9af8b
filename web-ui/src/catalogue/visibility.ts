/** Whether something that depends on another parameter is there; the rules of `nodes::parameters`. */
import type { Json, JsonObject } from "../workflow/definition.ts";
import type { Parameter, Visibility } from "./catalogue.svelte.ts";

/** Whether a parameter or a port has a meaning with the values as they are. The other parameter's default counts when it is not given. */
export function isShownAmong(
  { visible_when }: { readonly visible_when?: Visibility },
  parameters: readonly Parameter[],
  values: JsonObject,
): boolean {
  if (!visible_when) return true;
  const other = parameters.find((parameter) => parameter.name === visible_when.parameter);
  const given = values[visible_when.parameter];
  const value = (isMissing(given) ? other?.default : given) ?? null;
  return visible_when.is.some((wanted) => JSON.stringify(wanted) === JSON.stringify(value));
}

/** Whether a value counts as not given. */
function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "";
}
