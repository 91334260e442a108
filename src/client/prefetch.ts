import type { SecretAnswer, SecretReader } from './reader.js';
import { MANY, type OneOfMany, type RotatingSecret } from './secret.js';
import { inTime } from './wait.js';

const MOST_IN_ONE_CALL = 20;
const CALLS_AT_ONCE = 5;
/** Longest time for one call. */
const LONGEST_CALL_MS = 10_000;

/**
 * Reads many secrets in few calls, before they are needed.
 *
 * It reads twenty secrets per call with BatchGetSecretValue, five calls at a time. It reads one by one if that right is
 * missing, and for pinned versions. It never rejects: a secret that could not be read rejects later, in
 * {@link RotatingSecret.get}.
 *
 * @param options.signal ends the wait
 * @example
 * ```ts
 * await prefetch([database, billing]);
 * ```
 */
export async function prefetch(
  secrets: readonly RotatingSecret<unknown>[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const byClient = new Map<SecretReader, RotatingSecret<unknown>[]>();
  for (const secret of secrets) {
    const { client, isCurrent } = manyOf(secret);
    if (client.batchGetSecretValue && isCurrent)
      byClient.set(client, [...(byClient.get(client) ?? []), secret]);
  }
  const batches = [...byClient].flatMap(([client, members]) => {
    const ids = [...new Set(members.map(({ id }) => id))];
    return chunks(ids).map((chunk) => () => readTogether(client, chunk, members, options.signal));
  });
  await fiveAtATime(batches, options.signal);
  // Each answers from memory, fails with the batch's error, or is read alone.
  await fiveAtATime(
    secrets.map((secret) => () => secret.get(options).then(() => {})),
    options.signal,
  );
}

async function readTogether(
  client: SecretReader,
  ids: string[],
  secrets: readonly RotatingSecret<unknown>[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let NextToken: string | undefined;
  do {
    const asked = client.batchGetSecretValue?.(
      { SecretIdList: ids, ...(NextToken && { NextToken }) },
      signal && { abortSignal: signal },
    );
    const answer = await inTime(Promise.resolve(asked), LONGEST_CALL_MS, new Error('no answer'));
    for (const value of answer?.SecretValues ?? []) {
      for (const secret of secrets) if (isOf(secret.id, value)) manyOf(secret).take(value);
    }
    for (const { SecretId, ErrorCode = 'Unknown' } of answer?.Errors ?? []) {
      const error = Object.assign(new Error(), { name: ErrorCode, $fault: 'client' });
      for (const secret of secrets) if (secret.id === SecretId) manyOf(secret).fail(error);
    }
    NextToken = answer?.NextToken;
  } while (NextToken);
}

/** Whether an answer belongs to the secret: by name, ARN, or ARN without the six characters that AWS adds. */
function isOf(id: string, { ARN = '', Name = '' }: SecretAnswer): boolean {
  return id === Name || id === ARN || (id.startsWith('arn:') && ARN.replace(/-[A-Za-z0-9]{6}$/, '') === id);
}

function manyOf(secret: RotatingSecret<unknown>): OneOfMany {
  return (secret as RotatingSecret<unknown> & { readonly [MANY]: OneOfMany })[MANY];
}

function chunks(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / MOST_IN_ONE_CALL) }, (_, n) =>
    ids.slice(n * MOST_IN_ONE_CALL, (n + 1) * MOST_IN_ONE_CALL),
  );
}

async function fiveAtATime(
  work: readonly (() => Promise<void>)[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const left = [...work];
  const worker = async () => {
    for (let next = left.shift(); next && !signal?.aborted; next = left.shift()) await next().catch(() => {});
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
}
