import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ParseError, parse } from 'jsonc-parser';
import { jsonObject } from '../../json.js';
import { rotatorFile, rotatorsWith } from '../rotators.js';
import { UsageError } from '../usage-error.js';
import type { LocalInput } from './declaration.js';

/** The options of `quarterturn local`. */
export interface LocalCommand {
  readonly port: number;
  readonly timeoutMs: number;
  /** The URL of each function, by its name. */
  readonly functions: ReadonlyMap<string, URL>;
  /** The values of the secrets to begin with, by name. */
  readonly seed: ReadonlyMap<string, string>;
  readonly stateFile: string | undefined;
}

/**
 * Reads the command line, and the file of `--seed`.
 *
 * @throws UsageError
 */
export async function readLocalCommand({ options: values }: LocalInput): Promise<LocalCommand> {
  const { port = '4580', timeout = '30' } = values;
  return {
    port: numberOf('port', port, 0, 65_535),
    timeoutMs: numberOf('timeout', timeout, 1, 900) * 1000,
    functions: functionsOf(values.function),
    seed: values.seed === undefined ? new Map() : await readSeed(values.seed),
    stateFile: values.state,
  };
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`--${option} takes a whole number from ${least} to ${most}`);
}

function functionsOf(specs: readonly string[]): ReadonlyMap<string, URL> {
  const functions = new Map<string, URL>();
  for (const spec of specs) {
    const [, name, what] = /^([\w-]{1,64})=(.+)$/.exec(spec) ?? [];
    if (name === undefined || what === undefined) {
      throw new UsageError(
        `--function takes <name>=<what>, not ${JSON.stringify(spec)}: such as rotate=postgres or rotate=./rotator.js`,
      );
    }
    if (functions.has(name)) throw new UsageError(`there are two functions ${JSON.stringify(name)}`);
    functions.set(name, urlOf(what));
  }
  return functions;
}

function urlOf(what: string): URL {
  if (/^(?:https?|file):\/\//.test(what) && URL.canParse(what)) {
    const url = new URL(what);
    if (url.username || url.password)
      throw new UsageError('the URL of a function must not contain a password');
    return url.protocol === 'file:' ? existing(url) : url;
  }
  if (rotatorsWith('lambda.js').includes(what)) return rotatorFile(what, 'lambda.js');
  return existing(pathToFileURL(resolve(what)));
}

function existing(url: URL): URL {
  if (existsSync(url)) return url;
  throw new UsageError(
    `there is no file ${fileURLToPath(url)}, and no rotator of that name; the rotators are ${rotatorsWith('lambda.js').join(', ')}`,
  );
}

async function readSeed(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read the seed ${JSON.stringify(path)}: ${error.code}`);
  });
  const json = text.replace(/^\uFEFF/, '');
  const seed = jsonObject(json);
  if (!seed) throw new UsageError(`the seed ${JSON.stringify(path)} is not a JSON object${brokenAt(json)}`);
  return new Map(
    Object.entries(seed).map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      if (isObject(value)) return [name, JSON.stringify(value)];
      throw new UsageError(`the seed of ${JSON.stringify(name)} is neither a string nor an object`);
    }),
  );
}

/** Returns the line at which a text stops being JSON, and quotes nothing of it. */
function brokenAt(text: string): string {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors;
  return first ? `: check line ${text.slice(0, first.offset).trimEnd().split('\n').length}` : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
