/** Which parameters a form shows, and what they hold; the rules of `nodes::parameters`. */

import type { NodeType, Parameter } from "../catalogue/catalogue.svelte.ts";
import { isShownAmong } from "../catalogue/visibility.ts";
import type { Json, JsonObject } from "../workflow/definition.ts";

/** The parameters that have a meaning with the others as they are, in the order of the form. */
export function shownParameters(nodeType: NodeType, params: JsonObject): readonly Parameter[] {
  return nodeType.parameters.filter((parameter) => isShownAmong(parameter, nodeType.parameters, params));
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
