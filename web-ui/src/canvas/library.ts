/** What our own cards need of the canvas library and it does not export. */
export { default as drag } from "../../node_modules/@xyflow/svelte/dist/lib/actions/drag/index.js";
export {
  setNodeConnectableContext,
  setNodeIdContext,
} from "../../node_modules/@xyflow/svelte/dist/lib/store/context.js";
