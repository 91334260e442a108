import { type Connection, readConnection } from '../aws/connection.js';
import { readSecrets, type SecretArgument } from '../aws/secret-argument.js';
import { milliseconds } from '../terminal/time.js';
import { UsageError } from '../usage-error.js';
import type { StatusInput } from './declaration.js';

/** A tag that a secret must have, with exactly this value. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The options of `quarterturn status`. */
export interface StatusOptions {
  /** Absent: the secrets with the tags, or all. */
  readonly secrets: readonly SecretArgument[] | undefined;
  readonly tags: readonly Tag[];
  readonly stuckAfterMs: number;
  readonly connection: Connection;
  readonly isCheck: boolean;
  readonly isFresh: boolean;
  readonly showsAll: boolean;
  readonly isWide: boolean;
  readonly isWatch: boolean;
  readonly isJson: boolean;
}

/**
 * Reads the command line.
 *
 * @throws UsageError
 */
export async function readOptions({ options, positionals }: StatusInput): Promise<StatusOptions> {
  const connection = readConnection(options);
  const tags = options.tag.map(readTag);
  if (tags.length > 0 && positionals.length > 0) {
    throw new UsageError('status takes secrets or --tag, not both');
  }
  const stuckAfterMs = milliseconds(options['stuck-after']);
  if (stuckAfterMs === undefined) {
    throw new UsageError(
      `--stuck-after takes a time such as 15m or 1h, not ${JSON.stringify(options['stuck-after'])}`,
    );
  }
  if (options.watch && options.json) throw new UsageError('--watch and --json exclude each other');
  if (options.watch && !process.stdout.isTTY) {
    throw new UsageError('--watch needs a terminal; without one, run status repeatedly');
  }
  return {
    secrets: positionals.length > 0 ? await readSecrets(positionals, connection) : undefined,
    ...{ tags, stuckAfterMs, connection },
    isCheck: options.check,
    isFresh: options.fresh,
    showsAll: options.all,
    isWide: options.wide,
    isWatch: options.watch,
    isJson: options.json,
  };
}

function readTag(text: string): Tag {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`--tag takes <key>=<value>, not ${JSON.stringify(text)}`);
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}
