import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readSecretString } from '../../engine/secret-string.js';
import { isRotationError } from '../../errors.js';
import type { StartRehearsal } from '../../testing/rehearsal.js';
import { codeOf } from '../durable.js';
import { readPackage } from '../package.js';
import { rotatorFile, rotatorsWith } from '../rotators.js';
import { parseCommand, UsageError } from '../usage-error.js';

const HELP = `usage: quarterturn rehearse [rotator] [options]

Rotates a real credential of a real service against a Secrets Manager in memory,
and shows after each of the four steps which versions of the secret the service
accepts, found out by using them. Nothing of AWS is needed or touched.

  --rotations <n>  rotate n times (1)
  --secret <file>  rehearse on your own service, with the secret in this JSON
                   file, and not on one that is started for it. In the end the
                   first value is set again; until then every value is in
                   <file>.rehearsal, and after a crash the same command sets
                   the first one again.
  --yes            with --secret: yes, change the credential meanwhile
  --json           one JSON object a step
  --help           this text

rotators: ROTATORS
`;

/** What the command line of `quarterturn rehearse` asks for. */
export interface RehearseOptions {
  readonly rotator: string;
  readonly rotations: number;
  readonly json: boolean;
  readonly secretFile: string | undefined;
}

/**
 * Reads the command line.
 *
 * @throws UsageError
 */
export async function readOptions(
  args: readonly string[],
): Promise<RehearseOptions | { readonly help: string }> {
  const names = rotatorsWith('rehearsal.js');
  const options = parseOptions(args, names);
  return options === 'help' ? { help: HELP.replace('ROTATORS', names.join(', ')) } : options;
}

/** Loads the rehearsal that a rotator brings. */
export async function loadRehearsal(rotator: string): Promise<StartRehearsal> {
  const module: { startRehearsal: StartRehearsal } = await import(rotatorFile(rotator, 'rehearsal.js').href);
  return module.startRehearsal;
}

/**
 * Reads the secret that `--secret` names.
 *
 * @throws UsageError if there is no JSON object in the file; nothing of it is quoted
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

function parseOptions(args: readonly string[], names: readonly string[]): RehearseOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [rotator = readPackage().config.rehearsal, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`rehearse takes one rotator, not ${positionals.length}`);
  if (!names.includes(rotator)) {
    throw new UsageError(`there is no rehearsal ${JSON.stringify(rotator)}; there is ${names.join(', ')}`);
  }
  const rotations = Number(values.rotations ?? 1);
  if (!/^\d+$/.test(values.rotations ?? '1') || rotations < 1 || rotations > 1000) {
    throw new UsageError('--rotations takes a whole number from 1 to 1000');
  }
  if (values.secret !== undefined && !values.yes) {
    throw new UsageError(
      '--secret changes a real credential until the rehearsal ends: nobody else may use it meanwhile; add --yes',
    );
  }
  if (values.yes && values.secret === undefined) throw new UsageError('--yes goes with --secret');
  return { rotator, rotations, json: values.json ?? false, secretFile: values.secret };
}

function parse(args: readonly string[]) {
  return parseCommand('rehearse', () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rotations: { type: 'string' },
        secret: { type: 'string' },
        yes: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
}
