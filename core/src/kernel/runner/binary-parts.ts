/** The byte arrays inside of a message, each once; looks into arrays and plain objects. */
export function binaryParts(message: unknown): readonly ArrayBufferView[] {
  const parts = new Set<ArrayBufferView>();
  const seen = new Set<object>();
  const left: unknown[] = [message];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) parts.add(value);
    else if (Array.isArray(value) || isPlain(value)) left.push(...Object.values(value));
  }
  return [...parts];
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
