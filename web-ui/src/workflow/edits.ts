/** Every change of a definition: pure, and the same object when nothing changes. */
export { duplicateNodes, type Fragment, fragmentOf, paste, renameNodeId } from "./edits/copies.ts";
export { connect, removeEdges } from "./edits/edges.ts";
export { isNodeId } from "./edits/ids.ts";
export { addNode, moveNodes, type NodePatch, type Place, removeNodes, setNode, setParam } from "./edits/nodes.ts";
export { setSettings } from "./edits/settings.ts";
