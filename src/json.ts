/** The fields of a JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads JSON. The only call of `JSON.parse`: its error quotes the text, and the text is often a secret.
 *
 * @param reviver as that of `JSON.parse`
 * @returns `undefined` if the text is not JSON
 */
export function parseJson(
  text: string,
  reviver?: (this: unknown, key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
}

/** Reads a JSON object: `undefined` if the text is not one. */
export function jsonObject(text: string): Json | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
