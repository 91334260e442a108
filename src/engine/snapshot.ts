import { RotationError } from '../errors.js';
import type { Step } from '../step.js';
import { abandoned, type PreviousVersion, type VersionState, versionState } from './checks.js';
import type { Deadline } from './deadline.js';
import type { RotationEvent } from './event.js';
import type { Label, SecretString } from './secret-string.js';
import { isNoSecret, type SecretValues } from './secret-values.js';
import { isRefusal, type SecretsManagerApi } from './secrets-manager.js';

/** What an invocation knows about the secret before it acts: the labels, and the values that its step reads. */
export interface Snapshot {
  /** Version that was AWSCURRENT when the step began: finishSecret moves the label only away from it. */
  readonly currentId: string;
  readonly previous: PreviousVersion | undefined;
  /** Absent if the step does not read it. */
  readonly current?: SecretString;
  /** Absent if the step does not read it, and in createSecret if it has no value yet. */
  readonly pending?: SecretString;
}

interface Source {
  readonly client: SecretsManagerApi;
  readonly values: SecretValues;
  readonly event: RotationEvent;
  readonly deadline: Deadline;
}

/** Reads are eventually consistent: a read may miss a version or a value written a moment ago. */
const DELAYS_MS = [100, 200, 400, 800, 1600];

/**
 * Reads the labels and the values in one round trip. If a check refuses and a read fails, the check's error is thrown.
 *
 * @param reads labels whose values the step needs
 * @returns `'current'` if an earlier attempt has made the version AWSCURRENT
 */
export async function takeSnapshot(source: Source, reads: readonly Label[]): Promise<Snapshot | 'current'> {
  const { values, event } = source;
  const { ClientRequestToken, Step } = event;
  const { check, another } = labelLooks(source);
  const checking = check();
  const early = {
    current: settled('AWSCURRENT', () => values.read({ VersionStage: 'AWSCURRENT' })),
    pending: settled('AWSPENDING', readPending),
  };

  let state = await checking;
  if (state.kind === 'current') return 'current';
  let pending = await early.pending;
  while (!pending.ok && (await isWorthRepeating(pending.error))) {
    // "Not associated" means that the labels have moved: look at them again to see what happened.
    if (isRefusal(pending.error, 'InvalidRequestException')) state = await check();
    if (state.kind === 'current') return 'current';
    pending = await attempt(readPending);
  }
  const current = await currentOf(state);
  if (pending.ok) return { ...state, ...current, ...(pending.value && { pending: pending.value }) };
  throw isRefusal(pending.error, 'ResourceNotFoundException') ? neverStored(Step) : pending.error;

  function settled<T>(label: Label, read: () => Promise<T>): Promise<Attempt<T | undefined>> {
    return attempt(async () => (reads.includes(label) ? read() : undefined));
  }

  /** In createSecret, a missing value means that none was made yet. Other failures do not mean that. */
  async function readPending(): Promise<SecretString | undefined> {
    try {
      return await values.read({ VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' });
    } catch (error) {
      if (Step === 'createSecret' && isRefusal(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  }

  /** Reads the version that the labels named, because AWSCURRENT may have moved between the two reads. */
  async function currentOf({
    currentId,
  }: {
    readonly currentId: string;
  }): Promise<Pick<Snapshot, 'current'>> {
    if (!reads.includes('AWSCURRENT')) return {};
    const byLabel = await early.current;
    if (byLabel.ok && byLabel.value?.versionId === currentId) return { current: byLabel.value };
    if (!byLabel.ok && !isRefusal(byLabel.error, 'ResourceNotFoundException')) throw byLabel.error;
    return { current: await values.read({ VersionId: currentId }, 'AWSCURRENT') };
  }

  async function isWorthRepeating(error: unknown): Promise<boolean> {
    const isPassing =
      isRefusal(error, 'ResourceNotFoundException') || isRefusal(error, 'InvalidRequestException');
    return isPassing && (await another('AWSPENDING to be readable'));
  }
}

/**
 * Looks at the labels, as often as eventual consistency requires.
 *
 * @param during the running step, if an earlier look of it did not list the version
 */
export function labelLooks({ client, values, event, deadline }: Source, during?: Step) {
  const { SecretId, ClientRequestToken } = event;
  const delays = DELAYS_MS.values();
  return { check, another };

  /** Runs the checks, again while the secret does not list the version. */
  async function check(): Promise<Exclude<VersionState, { kind: 'unknown' }>> {
    for (;;) {
      const found = versionState(await client.describeSecret({ SecretId }), ClientRequestToken);
      if (found.kind !== 'unknown') return found;
      if (!(await another('the version to be listed'))) throw await unlisted();
    }
  }

  /** Tells a version that lost its last label, which can still be read, from one that never existed. */
  async function unlisted(): Promise<RotationError> {
    try {
      await values.read({ VersionId: ClientRequestToken });
    } catch (error) {
      if (isRefusal(error, 'ResourceNotFoundException')) return unknownVersion();
      if (!isNoSecret(error)) throw error;
    }
    return abandoned(ClientRequestToken, during);
  }

  /** Waits before another look; returns false after the last one. */
  async function another(why: string): Promise<boolean> {
    const { value: delay, done } = delays.next();
    // The caller's error says what is missing, which helps more than ERR_DEADLINE.
    if (done || delay >= deadline.leftMs) return false;
    await deadline.sleep(delay, why);
    return true;
  }
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Keeps a failure until the checks have passed. */
async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error };
  }
}

function unknownVersion(): RotationError {
  return new RotationError(
    'ERR_VERSION_UNKNOWN',
    'the secret lists no version with this ClientRequestToken',
    {
      hint: 'call RotateSecret to start a rotation: it creates the version, then invokes the function',
    },
  );
}

function neverStored(step: Step): RotationError {
  return new RotationError('ERR_PENDING_MISSING', `${step} found no value labelled AWSPENDING`, {
    hint: 'createSecret stored no value: find its error in the log, then call RotateSecret again',
  });
}
