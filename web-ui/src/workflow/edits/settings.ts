/** What holds for the whole workflow. */
import type { Definition, Settings } from "../definition.ts";

export function setSettings(definition: Definition, patch: Partial<Settings>): Definition {
  const settings = { ...definition.settings, ...patch };
  const fields = Object.keys(patch) as (keyof Settings)[];
  if (fields.every((field) => settings[field] === definition.settings[field])) return definition;
  return { ...definition, settings };
}
