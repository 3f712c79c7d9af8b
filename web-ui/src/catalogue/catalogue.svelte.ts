/** What the manifests say about node types, already in the person's language; see `nodes::manifest`. */
import type { Json } from "../workflow/definition.ts";

export type NodeKind = "trigger" | "flow" | "data" | "action";

type ParameterKind =
  | "text"
  | "long_text"
  | "number"
  | "boolean"
  | "choice"
  | "choices"
  | "key_values"
  | "text_list"
  | "conditions"
  | "cases"
  | "json"
  | "code"
  | "settings"
  | "list"
  | "duration"
  | "cron"
  | "timezone"
  | "workflow"
  | "workflows"
  | "table"
  | "rows";

interface Choice {
  readonly value: string;
  readonly title: string;
}

/** Something that is there only while another parameter has one of these values. */
export interface Visibility {
  readonly parameter: string;
  readonly is: readonly Json[];
}

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly title: string;
  readonly help?: string;
  readonly required: boolean;
  readonly default?: Json;
  readonly choices?: readonly Choice[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly visible_when?: Visibility;
  readonly placeholder?: string;
  /** Of `rows`: the cells of a row. */
  readonly columns?: readonly Parameter[];
}

export interface PortSpec {
  readonly name: string;
  readonly title: string;
  readonly visible_when?: Visibility;
}

export interface NodeType {
  readonly name: string;
  readonly kind: NodeKind;
  readonly title: string;
  readonly description: string;
  /** An SVG document, or empty. Draw it with an `<img>` from a data address, never as markup. */
  readonly icon: string;
  readonly parameters: readonly Parameter[];
  readonly ports: readonly PortSpec[];
  readonly ports_from?: string;
  readonly credential_kinds?: readonly string[];
  readonly credential_required: boolean;
  readonly safe_to_repeat: boolean;
  readonly hosts?: readonly string[];
  readonly sample_output?: Json;
}

export interface Operator {
  readonly name: string;
  readonly title: string;
  readonly needs_right: boolean;
}

/** A function that expressions and scripts can call. */
export interface FunctionDoc {
  readonly name: string;
  /** `text`, `number`, `date`, `list`, `object`, `json`, `encoding`, `hash` or `value`. */
  readonly group: string;
  readonly signature: string;
  readonly description: string;
  readonly example: string;
  /** What the example gives, as JSON. */
  readonly result: string;
}

interface CredentialField {
  readonly name: string;
  readonly title: string;
  readonly secret: boolean;
  readonly required: boolean;
  readonly default: string;
  readonly choices: readonly Choice[];
}

export interface CredentialKind {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly fields: readonly CredentialField[];
  readonly hosts: readonly string[];
  readonly hosts_from?: string;
}

/** Everything that palette, inspector and completion need to know. The page brings what its cards show, the rest comes later. */
export class Catalogue {
  nodeTypes = $state.raw<readonly NodeType[]>([]);
  readonly operators: readonly Operator[];
  /** Whether all node types there are are known, and not only those of the drawing. */
  isComplete = false;
  #kinds = $state.raw<readonly CredentialKind[]>([]);
  readonly #byName = $derived(new Map(this.nodeTypes.map((nodeType) => [nodeType.name, nodeType])));

  constructor(nodeTypes: readonly NodeType[], operators: readonly Operator[]) {
    this.nodeTypes = nodeTypes;
    this.operators = operators;
  }

  /** Takes over all about some node types. */
  add(nodeTypes: readonly NodeType[]): void {
    if (this.isComplete) return;
    const names = new Set(nodeTypes.map((nodeType) => nodeType.name));
    this.nodeTypes = [...this.nodeTypes.filter((known) => !names.has(known.name)), ...nodeTypes];
  }

  /** Takes over all node types and credential kinds there are. */
  complete(nodeTypes: readonly NodeType[], kinds: readonly CredentialKind[]): void {
    this.nodeTypes = nodeTypes;
    this.#kinds = kinds;
    this.isComplete = true;
  }

  /** The node type of this name; none when its connector was removed. */
  get(name: string): NodeType | undefined {
    return this.#byName.get(name);
  }

  credentialKind(name: string): CredentialKind | undefined {
    return this.#kinds.find((kind) => kind.name === name);
  }
}
