/** Which parameters a form shows, and what they hold; the rules of `nodes::parameters`. */
import type { NodeType, Parameter } from "../catalogue/catalogue.svelte.ts";
import type { Json, JsonObject } from "../workflow/definition.ts";

/** Whether a value counts as not given. */
function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "";
}

/** The parameters that have a meaning with the others as they are, in the order of the form. */
export function shownParameters(nodeType: NodeType, params: JsonObject): readonly Parameter[] {
  return nodeType.parameters.filter((parameter) => isShown(parameter, nodeType, params));
}

/** A value as the grey text of an empty field. */
export function defaultText(parameter: Parameter): string {
  if (parameter.placeholder) return parameter.placeholder;
  const value = parameter.default ?? null;
  if (value === null || typeof value === "object") return "";
  return String(value);
}

/** A text field's content for any value. */
export function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isShown({ visible_when }: Parameter, nodeType: NodeType, params: JsonObject): boolean {
  if (!visible_when) return true;
  const other = nodeType.parameters.find((parameter) => parameter.name === visible_when.parameter);
  const given = params[visible_when.parameter];
  const value = (isMissing(given) ? other?.default : given) ?? null;
  return visible_when.is.some((wanted) => JSON.stringify(wanted) === JSON.stringify(value));
}
