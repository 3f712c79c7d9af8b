/** What every editor looks things up in, whatever its workflow. It is not in the page, so that the browser keeps it between pages. */
import type { Catalogue, CredentialKind, FunctionDoc, NodeType } from "../catalogue/catalogue.svelte.ts";
import { addTexts } from "../texts/texts.ts";

interface TextsDocument {
  readonly messages: Readonly<Record<string, string>>;
}

interface CatalogueDocument {
  readonly node_types: readonly NodeType[];
  readonly credential_kinds: readonly CredentialKind[];
}

interface Addresses {
  readonly texts: string;
  readonly catalogue: string;
  readonly functions: string;
}

let readNear = (): Promise<unknown> => Promise.resolve();
let readRest = (): Promise<unknown> => Promise.resolve();
let readAll = (): Promise<void> => Promise.resolve();
let readFunctions = (): Promise<readonly FunctionDoc[]> => Promise.resolve([]);

/** Says where the documents are and which catalogue they complete; called once, before anything is drawn. */
export function useReference(addresses: Addresses, catalogue: Catalogue): void {
  const readTexts = (part: "near" | "rest") =>
    once(async () => addTexts((await read<TextsDocument>(`${addresses.texts}?part=${part}`)).messages));
  const readNearTexts = readTexts("near");
  const readTypes = once(async () => {
    const names = catalogue.nodeTypes.map((nodeType) => nodeType.name);
    if (names.length === 0) return;
    const { node_types } = await read<CatalogueDocument>(`${addresses.catalogue}?names=${names.sort().join(",")}`);
    catalogue.add(node_types);
  });
  readNear = () => Promise.all([readNearTexts(), catalogue.isComplete ? undefined : readTypes()]);
  readRest = readTexts("rest");
  readAll = once(async () => {
    const { node_types, credential_kinds } = await read<CatalogueDocument>(addresses.catalogue);
    catalogue.complete(node_types, credential_kinds);
  });
  readFunctions = once(() => read<readonly FunctionDoc[]>(addresses.functions));
}

/** The texts of the parts in `near.ts`, and all about the node types of the drawing, are there when this is done. */
export async function nearReference(): Promise<void> {
  await readNear();
}

/** All texts, and all about the node types of the drawing, are there when this is done. */
export async function reference(): Promise<void> {
  await Promise.all([readNear(), readRest()]);
}

/** All node types and credential kinds there are. */
export function wholeCatalogue(): Promise<void> {
  return readAll();
}

/** For a part that offers or explains what the drawing does not have. */
export function withCatalogue<Part>(load: () => Promise<Part>): () => Promise<Part> {
  return async () => {
    const [part] = await Promise.all([load(), wholeCatalogue()]);
    return part;
  };
}

/** What expressions and scripts can call. */
export function functions(): Promise<readonly FunctionDoc[]> {
  return readFunctions();
}

/** Does something once; when it failed, it is tried again the next time. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | null = null;
  return () => {
    begun ??= work().catch((error) => {
      begun = null;
      throw error;
    });
    return begun;
  };
}

async function read<T>(address: string): Promise<T> {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return (await response.json()) as T;
}
