/** Every change of a definition: pure, and the same object when nothing changes. */

export { moveInto } from "./edits/boxes.ts";
export { moveNodes, setNode, setParam } from "./edits/changes.ts";
export { duplicateNodes, fragmentOf, paste, renameNodeId } from "./edits/copies.ts";
export { connect, removeEdges } from "./edits/edges.ts";
export { addNode, removeNodes } from "./edits/nodes.ts";
export { type SettingsPatch, setSettings } from "./edits/settings.ts";
