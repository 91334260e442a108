import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSecretString } from '../../engine/secret-string.js';
import { isRotationError } from '../../errors.js';
import type { StartRehearsal } from '../../testing/rehearsal.js';
import { didYouMean } from '../did-you-mean.js';
import { codeOf } from '../durable.js';
import { isPath } from '../manifest.js';
import { whyNotLoaded } from '../manifest-checks.js';
import { readPackage } from '../package.js';
import { rotatorFile, rotatorsWith } from '../rotators.js';
import { UsageError } from '../usage-error.js';
import type { RehearseInput } from './declaration.js';

/** The options of `quarterturn rehearse`. */
export interface RehearseOptions {
  readonly rotator: string;
  readonly rotations: number;
  readonly json: boolean;
  readonly secretFile: string | undefined;
}

interface Rehearsing {
  readonly startRehearsal?: StartRehearsal;
}

/**
 * Loads the rehearsal of one of our rotators by its name, or of any other by its path.
 *
 * @throws UsageError
 */
export async function loadRehearsal(rotator: string): Promise<StartRehearsal> {
  if (!isPath(rotator)) {
    const { startRehearsal }: Required<Rehearsing> = await import(rotatorFile(rotator, 'rehearsal.js').href);
    return startRehearsal;
  }
  const path = resolve(besideManifest(rotator));
  if (!existsSync(path)) throw new UsageError(`there is no rehearsal at ${path}`);
  try {
    const module: Rehearsing & { readonly default?: Rehearsing } = await import(pathToFileURL(path).href);
    const startRehearsal = module.startRehearsal ?? module.default?.startRehearsal;
    if (typeof startRehearsal === 'function') return startRehearsal;
    throw new TypeError('the module does not export a function "startRehearsal"');
  } catch (error) {
    throw new UsageError(`cannot use the rehearsal ${path}: ${whyNotLoaded(error, path, '')}`);
  }
}

/** Returns `gate/rehearsal.ts` for `gate/lambda.ts`; any other path is that of a rehearsal. */
function besideManifest(path: string): string {
  return path.replace(/(^|[\\/])lambda(\.[cm]?[jt]s)$/, '$1rehearsal$2');
}

/**
 * Reads the secret that `--secret` names.
 *
 * @throws UsageError if the file is not a JSON object; the message quotes nothing of it
 */
export async function readSecretFile(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    return readSecretString({ SecretString: text }, JSON.stringify(path)).text;
  } catch (error) {
    if (isRotationError(error)) throw new UsageError(error.message);
    const code = codeOf(error) ?? 'unreadable';
    throw new UsageError(`cannot read the secret from ${JSON.stringify(path)}: ${code}`);
  }
}

/**
 * Reads the command line.
 *
 * @throws UsageError
 */
export function readOptions({ options: values, positionals }: RehearseInput): RehearseOptions {
  const names = rotatorsWith('rehearsal.js');
  const [rotator = readPackage().config.rehearsal, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`rehearse takes one rotator, not ${positionals.length}`);
  if (!names.includes(rotator) && !isPath(rotator)) {
    throw new UsageError(
      `there is no rehearsal ${JSON.stringify(rotator)}; choose from ${names.join(', ')}${didYouMean(rotator, names)}`,
    );
  }
  const rotations = Number(values.rotations ?? 1);
  if (!/^\d+$/.test(values.rotations ?? '1') || rotations < 1 || rotations > 1000) {
    throw new UsageError('--rotations takes a whole number from 1 to 1000');
  }
  if (values.secret !== undefined && !values.yes) {
    throw new UsageError(
      '--secret changes a real credential until the rehearsal ends. Only if nobody else uses it meanwhile: add --yes',
    );
  }
  if (values.yes && values.secret === undefined) throw new UsageError('--yes goes with --secret');
  return { rotator, rotations, json: values.json, secretFile: values.secret };
}
