/** What every editor looks things up in, whatever its workflow. It is not in the page, so that the browser keeps it between pages. */
import type { Catalogue, CredentialKind, FunctionDoc, NodeType } from "../catalogue/catalogue.svelte.ts";
import { addTexts } from "../texts/texts.ts";

interface ReferenceDocument {
  readonly messages: Readonly<Record<string, string>>;
  readonly node_types: readonly NodeType[];
  readonly credential_kinds: readonly CredentialKind[];
}

interface Addresses {
  readonly reference: string;
  readonly functions: string;
}

let readReference = (): Promise<void> => Promise.resolve();
let readFunctions = (): Promise<readonly FunctionDoc[]> => Promise.resolve([]);

/** Says where the documents are and which catalogue they complete; called once, before anything is drawn. */
export function useReference(addresses: Addresses, catalogue: Catalogue): void {
  readReference = once(async () => {
    const { messages, node_types, credential_kinds } = await read<ReferenceDocument>(addresses.reference);
    addTexts(messages);
    catalogue.complete(node_types, credential_kinds);
  });
  readFunctions = once(() => read<readonly FunctionDoc[]>(addresses.functions));
}

/** All texts and all node types are there when this is done. */
export function reference(): Promise<void> {
  return readReference();
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
