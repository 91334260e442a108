import { inspect } from 'node:util';

/** What a promise rejects with; fails if it does not. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => 'resolved' as const,
    (error: unknown) => ({ error }),
  );
  if (outcome === 'resolved') throw new Error('expected a rejection');
  return outcome.error;
}

/** All that can be seen of an error: message, stack, causes, properties, hidden ones too. */
export function allOf(error: unknown): string {
  return inspect(error, { depth: 20, showHidden: true, maxStringLength: null });
}

/** Whether any run of eight characters of a secret stands in a text. */
export function leaks(text: string, secret: string): string | undefined {
  for (let at = 0; at + 8 <= secret.length; at++) {
    const run = secret.slice(at, at + 8);
    if (text.includes(run)) return run;
  }
  return undefined;
}
