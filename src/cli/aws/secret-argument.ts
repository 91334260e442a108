import { createInterface } from 'node:readline';
import { UsageError } from '../usage-error.js';
import type { Connection } from './connection.js';

/** A secret on the command line, by name, ARN or partial ARN. */
export interface SecretArgument {
  readonly id: string;
  /** The Region of its ARN, or of `--region`. Absent: the environment's. */
  readonly region: string | undefined;
}

const NAME = /^[\w/+=.@!-]{1,512}$/;
const ARN = /^arn:aws[\w-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@!-]{1,519}$/;

/**
 * Reads the secrets among the arguments, each once, in order; `-` reads a list from stdin, one per line.
 *
 * @throws UsageError if one is neither a name nor an ARN, or if stdin is empty
 */
export async function readSecrets(
  positionals: readonly string[],
  connection: Pick<Connection, 'region'>,
): Promise<readonly SecretArgument[]> {
  const ids: string[] = [];
  for (const argument of positionals) {
    if (argument === '-') ids.push(...(await readStdin()));
    else ids.push(assertId(argument, JSON.stringify(argument)));
  }
  return [...new Set(ids)].map((id) => secretOf(id, connection));
}

/**
 * Reads the one secret of a command that takes one.
 *
 * @throws UsageError unless there is exactly one
 */
export async function readSecret(
  command: string,
  positionals: readonly string[],
  connection: Pick<Connection, 'region'>,
): Promise<SecretArgument> {
  const [secret, ...others] = await readSecrets(positionals, connection);
  if (secret && others.length === 0) return secret;
  throw new UsageError(
    secret
      ? `${command} takes one secret, not ${others.length + 1}`
      : `${command} takes a secret, by its name or ARN: quarterturn ${command} --help shows how`,
  );
}

function secretOf(id: string, { region: asked }: Pick<Connection, 'region'>): SecretArgument {
  const [, own] = ARN.exec(id) ?? [];
  if (own !== undefined && asked !== undefined && own !== asked) {
    throw new UsageError(`--region is ${asked}, but ${id} is in ${own}: leave out --region`);
  }
  return { id, region: own ?? asked };
}

/** @param shown what an error calls it: for stdin its line number, since the line may be a value by mistake */
function assertId(id: string, shown: string): string {
  if (ARN.test(id) || (!id.startsWith('arn:') && NAME.test(id))) return id;
  throw new UsageError(`${shown} is neither the name nor the ARN of a secret`);
}

async function readStdin(): Promise<readonly string[]> {
  if (process.stdin.isTTY)
    throw new UsageError('- reads secrets from stdin, one per line, but nothing is piped to it');
  const ids: string[] = [];
  let number = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') ids.push(assertId(line.trim(), `line ${number} of stdin`));
  }
  if (ids.length === 0) throw new UsageError('- reads secrets from stdin, one per line, but stdin is empty');
  return ids;
}
