import { createInterface } from 'node:readline';
import { UsageError } from '../usage-error.js';
import type { Connection } from './connection.js';

/** A secret that the command line names, by its name, ARN or partial ARN. */
export interface SecretArgument {
  readonly id: string;
  /** What its ARN, or `--region`, says. Absent: what the environment says. */
  readonly region: string | undefined;
}

const NAME = /^[\w/+=.@!-]{1,512}$/;
const ARN = /^arn:aws[\w-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@!-]{1,519}$/;

/**
 * Reads the secrets that are named as arguments; `-` stands for a list on stdin, one a line. Each comes once, in order.
 *
 * @throws UsageError if one is no name, or if stdin is empty
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
 * @throws UsageError if there is none, or more than one
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
      : `${command} takes a secret: its name or its ARN; quarterturn ${command} --help shows how`,
  );
}

function secretOf(id: string, { region: asked }: Pick<Connection, 'region'>): SecretArgument {
  const [, own] = ARN.exec(id) ?? [];
  if (own !== undefined && asked !== undefined && own !== asked) {
    throw new UsageError(`--region is ${asked}, but ${id} is in ${own}: leave out --region`);
  }
  return { id, region: own ?? asked };
}

/** @param shown what an error calls it. Of stdin that is its line: by mistake it may be a value. */
function assertId(id: string, shown: string): string {
  if (ARN.test(id) || (!id.startsWith('arn:') && NAME.test(id))) return id;
  throw new UsageError(`${shown} is neither the name of a secret nor its ARN`);
}

async function readStdin(): Promise<readonly string[]> {
  if (process.stdin.isTTY)
    throw new UsageError('- reads secrets from stdin, one a line, and nothing is piped to it');
  const ids: string[] = [];
  let number = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') ids.push(assertId(line.trim(), `line ${number} of stdin`));
  }
  if (ids.length === 0) throw new UsageError('- reads secrets from stdin, one a line, and stdin is empty');
  return ids;
}
