import type { LogEntry } from '../../engine/log.js';
import { isRotationError, type RotationError } from '../../errors.js';
import { LocalSecretsManager } from '../../local/client.js';
import type { Rehearsal } from '../../testing/rehearsal.js';
import { Interruption } from '../interruption.js';
import { Output } from '../terminal/output.js';
import type { RehearseInput } from './declaration.js';
import { Journal } from './journal.js';
import { loadRehearsal, type RehearseOptions, readOptions, readSecretFile } from './options.js';
import { accepted, isProof, prove, Seen, type StoredVersion, versionsOf } from './proof.js';
import { jsonReport, type Report, textReport } from './report.js';

const SECRET_NAME = 'rehearsal';

/** Runs `quarterturn rehearse`; resolves to the exit code. */
export async function rehearse(input: RehearseInput): Promise<number> {
  const options = readOptions(input);
  const secretString =
    options.secretFile === undefined ? undefined : await readSecretFile(options.secretFile);
  // The SDK's own switch: it would print a warning about old Node.js versions in the middle of the table.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const output = new Output();
  const interruption = new Interruption(() => output.say('finishing the current step, then cleaning up'));
  try {
    const startRehearsal = await loadRehearsal(options.rotator);
    const rehearsal = await startRehearsal({ secretString });
    const journal = options.secretFile === undefined ? undefined : new Journal(options.secretFile);
    const report = options.json ? jsonReport(output) : textReport(output, rehearsal);
    const isProven = await run({ rehearsal, options, journal, report, output, interruption });
    if (interruption.exitCode !== undefined) output.say('stopped');
    return interruption.exitCode ?? (isProven ? 0 : 1);
  } catch (error) {
    // An error by the interruption is no news; a credential that was not restored is.
    if (interruption.exitCode === undefined || error instanceof NotRestored) throw error;
    output.say('stopped');
    return interruption.exitCode;
  } finally {
    interruption.end();
    output.end();
  }
}

interface Run {
  readonly rehearsal: Rehearsal;
  readonly options: RehearseOptions;
  readonly journal: Journal | undefined;
  readonly report: Report;
  readonly output: Output;
  readonly interruption: Interruption;
}

/** Rehearses, and always cleans up. */
async function run({ rehearsal, options, journal, report, output, interruption }: Run): Promise<boolean> {
  const { secretString } = rehearsal;
  try {
    report.title(rehearsal.title);
    const hadLeftOver = await settleLeftOver(rehearsal, journal, report);
    if (!(await rehearsal.accepts(secretString))) {
      throw new Error(
        `the service refuses the value in this secret${hadLeftOver ? '' : ': nothing was changed'}`,
      );
    }
    await journal?.begin(secretString);
    try {
      return await rotateAll({ rehearsal, options, journal, report, output, interruption });
    } finally {
      if (journal) {
        await restore(rehearsal, secretString, journal.values, journal);
        report.note('the service has the first value again, and accepts it');
      }
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
  const all = { ...rehearsal.otherSecrets, [SECRET_NAME]: rehearsal.secretString };
  for (const [Name, SecretString] of Object.entries(all)) await secrets.createSecret({ Name, SecretString });
  const seen = new Seen(rehearsal.rotator, output);
  for (const value of Object.values(rehearsal.otherSecrets ?? {})) seen.addOther(value);
  const { overlaps = false } = rehearsal;
  const endsAtOnce = (rehearsal.rotator.ends ?? 'at-once') === 'at-once';
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
      const versions = await versionsOf(secrets, SECRET_NAME);
      for (const version of versions) seen.add(version);
      if (entry.step === 'createSecret')
        for (const value of unwritten(versions, journal)) await journal?.add(value);
      rehearsal.refresh?.(versions.find(({ label }) => label === 'AWSCURRENT')?.value ?? '');
      const tried = overlaps && endsAtOnce ? [...seen.retired(versions), ...versions] : versions;
      const shown = await accepted(tried, rehearsal);
      const failure = end?.outcome === 'failed' ? asRotationError(end.steps.at(-1)?.error) : undefined;
      const isLast = ended && (failure !== undefined || rotation === options.rotations);
      const proof = isLast ? prove({ versions: shown, overlaps, seen, failure }) : undefined;
      report.step({ rotation, entry, versions: shown, failure, proof });
      if (failure) return false;
      if (proof) isProven = isProof(proof);
    }
  }
  return isProven;
}

function unwritten(versions: readonly StoredVersion[], journal: Journal | undefined): readonly string[] {
  return versions.map(({ value }) => value).filter((value) => journal && !journal.values.includes(value));
}

/** The service does not accept the value from before the rehearsal. */
class NotRestored extends Error {
  override readonly name = 'NotRestored';
}

/** Sets the first value again, and checks that the service accepts it. */
async function restore(
  rehearsal: Rehearsal,
  first: string,
  others: readonly string[],
  journal: Journal,
): Promise<void> {
  try {
    if (!(await rehearsal.accepts(first))) await rehearsal.restore(first, others);
    if (!(await rehearsal.accepts(first))) throw new Error('the service still refuses it');
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'failed';
    throw new NotRestored(
      `the first value was NOT set again (${problem}). Run the same command again, or set the first value as an administrator: ` +
        `${journal.path} holds every value, and the last one is most likely in use`,
      { cause },
    );
  }
  await journal.remove();
}

async function settleLeftOver(
  rehearsal: Rehearsal,
  journal: Journal | undefined,
  report: Report,
): Promise<boolean> {
  const [first, ...others] = (await journal?.readLeftOver()) ?? [];
  if (!journal || first === undefined) return false;
  report.note(`${journal.path} is from an unfinished rehearsal: setting its first value again`);
  await restore(rehearsal, first, others, journal);
  return true;
}

function asRotationError(error: unknown): RotationError | undefined {
  return isRotationError(error) ? error : undefined;
}
