/** Whether two JSON values say the same, whatever the order of their members. A member that is undefined is not there. */
export function equal(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = present(one);
  const right = new Map(present(other));
  return left.length === right.size && left.every(([name, value]) => right.has(name) && equal(value, right.get(name)));
}

function present(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}
