import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { isRotationError, type RotationError } from '../errors.js';
import { LocalSecretsManager } from '../local/service.js';
import type { LogEntry } from '../log.js';
import { Redactor } from '../redact.js';
import { readSecretString } from '../secret-string.js';
import { Interruption } from './interruption.js';
import { Journal } from './journal.js';
import { Output } from './output.js';
import { readPackage } from './package.js';
import type { Rehearsal, StartRehearsal } from './rehearsal.js';
import { jsonReport, type Proof, type Report, type ShownVersion, textReport } from './report.js';
import { UsageError } from './usage-error.js';

const HELP = `usage: quarterturn rehearse [rotator] [options]

Rotates a real credential of a real service against a Secrets Manager in memory, and shows after each of the four steps
which versions of the secret the service accepts, found out by using them. Nothing of AWS is needed or touched.

  --rotations <n>    rotate n times (1)
  --secret <file>    rehearse on your own service, with the secret in this JSON file, and not on an embedded one;
                     in the end the first value is set again
  --yes              with --secret: yes, change the credential for the length of the rehearsal
  --json             one JSON object a step
  --help             this text

rotators: ROTATORS
`;

/** Where the rotators are, seen from this file as built. */
const ROTATORS = new URL('../../rotators/', import.meta.url);
const SECRET_NAME = 'rehearsal';
const LABELS = ['AWSPREVIOUS', 'AWSCURRENT', 'AWSPENDING'] as const;

interface Options {
  readonly rotator: string;
  readonly rotations: number;
  readonly json: boolean;
  readonly secretFile: string | undefined;
}

/** Runs `quarterturn rehearse`; resolves to the exit code. */
export async function rehearse(args: readonly string[]): Promise<number> {
  const names = await rotatorNames();
  const options = parseOptions(args, names);
  if (options === 'help') {
    process.stdout.write(HELP.replace('ROTATORS', names.join(', ')));
    return 0;
  }
  const secretString =
    options.secretFile === undefined ? undefined : await readSecretFile(options.secretFile);
  const output = new Output();
  const interruption = new Interruption(() =>
    output.say('ending the step that is under way, then cleaning up'),
  );
  try {
    const startRehearsal = await load(options.rotator);
    const rehearsal = await startRehearsal({ secretString });
    const journal = options.secretFile === undefined ? undefined : new Journal(options.secretFile);
    const report = options.json ? jsonReport(output) : textReport(output);
    const isProven = await run({ rehearsal, options, journal, report, output, interruption });
    return interruption.exitCode ?? (isProven ? 0 : 1);
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  } finally {
    interruption.end();
    output.end();
  }
}

interface Run {
  readonly rehearsal: Rehearsal;
  readonly options: Options;
  readonly journal: Journal | undefined;
  readonly report: Report;
  readonly output: Output;
  readonly interruption: Interruption;
}

/** Rehearses, and cleans up whatever happens. */
async function run({ rehearsal, options, journal, report, output, interruption }: Run): Promise<boolean> {
  const { secretString } = rehearsal;
  try {
    report.title(rehearsal.title);
    const hadLeftOver = await settleLeftOver(rehearsal, journal, report);
    if (!(await rehearsal.accepts(secretString))) {
      throw new Error(
        `the service refuses the value in this secret${hadLeftOver ? '' : ', so nothing was changed'}`,
      );
    }
    await journal?.begin(secretString);
    try {
      return await rotateAll({ rehearsal, options, journal, report, output, interruption });
    } finally {
      if (journal) await restore(rehearsal, secretString, journal, report);
    }
  } finally {
    await rehearsal.stop();
  }
}

async function rotateAll({
  rehearsal,
  options,
  journal,
  report,
  output,
  interruption,
}: Run): Promise<boolean> {
  const secrets = new LocalSecretsManager();
  const log: LogEntry[] = [];
  const handler = rehearsal.handler({ client: secrets, log: (entry) => void log.push(entry) });
  const lambdaArn = secrets.addFunction('rehearsal', handler);
  await secrets.createSecret({ Name: SECRET_NAME, SecretString: rehearsal.secretString });
  const seen = new Seen(rehearsal.rotator);
  let isProven = true;

  for (let rotation = 1; rotation <= options.rotations; rotation++) {
    await secrets.rotateSecret({ SecretId: SECRET_NAME, RotationLambdaARN: lambdaArn });
    const drive = secrets.rotation(SECRET_NAME);
    report.rotation(rotation, options.rotations);
    for (let ended = false; !ended; ) {
      if (interruption.exitCode !== undefined) return false;
      const end = await drive.runStep();
      ended = end !== undefined;
      const entry = log.at(-1);
      if (!entry) throw new Error('the rotation function did not run');
      const versions = await versionsOf(secrets);
      for (const { value } of versions) seen.add(value);
      if (entry.step === 'createSecret')
        for (const value of unwritten(versions, journal)) await journal?.add(value);
      const shown = await accepted(versions, rehearsal);
      const failure = end?.outcome === 'failed' ? asRotationError(end.steps.at(-1)?.error) : undefined;
      const isLast = ended && (failure !== undefined || rotation === options.rotations);
      const proof = isLast ? prove(shown, seen, output, failure) : undefined;
      report.step({ rotation, entry, versions: shown, failure, proof });
      if (failure) return false;
      if (proof) isProven = proof.newAccepted && proof.oldRefused && proof.nothingPrinted;
    }
  }
  return isProven;
}

interface StoredVersion {
  readonly label: (typeof LABELS)[number];
  readonly versionId: string;
  readonly value: string;
}

/** The labelled versions that have a value. */
async function versionsOf(secrets: LocalSecretsManager): Promise<readonly StoredVersion[]> {
  const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: SECRET_NAME });
  const found: StoredVersion[] = [];
  for (const label of LABELS) {
    const versionId = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
    if (versionId === undefined) continue;
    try {
      const { SecretString } = await secrets.getSecretValue({ SecretId: SECRET_NAME, VersionId: versionId });
      found.push({ label, versionId, value: SecretString ?? '' });
    } catch (error) {
      // The version of a rotation is empty until createSecret has stored a value.
      if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
    }
  }
  return found;
}

function unwritten(versions: readonly StoredVersion[], journal: Journal | undefined): readonly string[] {
  return versions.map(({ value }) => value).filter((value) => journal && !journal.values.includes(value));
}

async function accepted(
  versions: readonly StoredVersion[],
  rehearsal: Rehearsal,
): Promise<readonly ShownVersion[]> {
  const shown: ShownVersion[] = [];
  for (const { label, versionId, value } of versions) {
    shown.push({ label, versionId, isAccepted: await rehearsal.accepts(value) });
  }
  return shown;
}

/** The secret values of the rehearsal. */
class Seen {
  readonly #values = new Set<string>();
  readonly #redactor = new Redactor();
  readonly #declared: Rehearsal['rotator'];

  constructor(declared: Rehearsal['rotator']) {
    this.#declared = declared;
  }

  get count(): number {
    return this.#values.size;
  }

  add(secretString: string): void {
    if (this.#values.has(secretString)) return;
    this.#values.add(secretString);
    const { shows, rotates } = this.#declared;
    const fields = Object.entries<unknown>(JSON.parse(secretString));
    // A short word in a field that stays ("test") stands in our own words too, and proves nothing.
    const telling = fields.filter(([field, value]) => rotates.includes(field) || String(value).length >= 8);
    this.#redactor.hideFields(Object.fromEntries(telling), shows, rotates);
  }

  isIn(text: string): boolean {
    return this.#redactor.text(text) !== text;
  }
}

function prove(
  versions: readonly ShownVersion[],
  seen: Seen,
  output: Output,
  failure: RotationError | undefined,
): Proof {
  const of = (label: string) => versions.find((version) => version.label === label)?.isAccepted;
  const toCome = failure ? `${failure.message} ${failure.hint}` : '';
  return {
    newAccepted: failure === undefined && of('AWSCURRENT') === true,
    oldRefused: failure === undefined && of('AWSPREVIOUS') === false,
    nothingPrinted: !seen.isIn(output.printed + toCome),
    values: seen.count,
  };
}

/** Sets the first value again, and uses it. */
async function restore(rehearsal: Rehearsal, first: string, journal: Journal, report: Report): Promise<void> {
  try {
    if (!(await rehearsal.accepts(first))) await rehearsal.restore(first, journal.values);
    if (!(await rehearsal.accepts(first))) throw new Error('the service still refuses it');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'failed';
    throw new Error(
      `the first value could NOT be set again (${problem}): ${journal.path} holds every value, the last one most ` +
        'likely in use; run the same command again, or set the first one as an administrator',
      { cause },
    );
  }
  await journal.remove();
  report.note('the first value is set again, and the service accepts it');
}

async function settleLeftOver(
  rehearsal: Rehearsal,
  journal: Journal | undefined,
  report: Report,
): Promise<boolean> {
  const [first, ...others] = (await journal?.readLeftOver()) ?? [];
  if (!journal || first === undefined) return false;
  report.note(`${journal.path} is from a rehearsal that did not end: its first value is set again`);
  if (!(await rehearsal.accepts(first))) await rehearsal.restore(first, others);
  await journal.remove();
  return true;
}

function parseOptions(args: readonly string[], names: readonly string[]): Options | 'help' {
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
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rotations: { type: 'string' },
        secret: { type: 'string' },
        yes: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // parseArgs explains at length; its first sentence says it.
    const [problem = ''] = error instanceof Error ? error.message.split(/\.(?:\s|$)|\n/) : [];
    throw new UsageError(`${problem}; quarterturn rehearse --help lists the options`);
  }
}

async function rotatorNames(): Promise<readonly string[]> {
  const folders = await readdir(ROTATORS);
  return folders.filter((name) => existsSync(new URL(`${name}/rehearsal.js`, ROTATORS))).sort();
}

async function load(rotator: string): Promise<StartRehearsal> {
  const module: { startRehearsal: StartRehearsal } = await import(
    new URL(`${rotator}/rehearsal.js`, ROTATORS).href
  );
  return module.startRehearsal;
}

async function readSecretFile(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    return readSecretString({ SecretString: text }, JSON.stringify(path)).text;
  } catch (error) {
    if (isRotationError(error)) throw new UsageError(error.message);
    const code = error instanceof Error && 'code' in error ? error.code : 'unreadable';
    throw new UsageError(`cannot read the secret from ${JSON.stringify(path)}: ${code}`);
  }
}

function asRotationError(error: unknown): RotationError | undefined {
  return isRotationError(error) ? error : undefined;
}
