import { RotationError } from '../errors.js';
import type { HiddenValues } from '../redact/hidden-values.js';
import { saidByOthers } from '../redact/said-by.js';
import type { Rotator, VersionsContext } from '../rotator.js';
import type { Step } from '../step.js';
import { abandoned, versionState } from './checks.js';
import type { Confirmation } from './confirmation.js';
import type { Deadline } from './deadline.js';
import type { RotationEvent } from './event.js';
import { assertNoStaleField, rotatedFields } from './field-checks.js';
import { required, rotatorVersions } from './rotator-versions.js';
import { editSecretString, type Label, type SecretString } from './secret-string.js';
import type { SecretValues } from './secret-values.js';
import { isCertainlyNotStored, isRefusal, type SecretsManagerApi } from './secrets-manager.js';
import { labelLooks, type Snapshot, takeSnapshot } from './snapshot.js';

/**
 * What a step did.
 *
 * - `created`: createSecret stored a new value as AWSPENDING.
 * - `kept`: createSecret kept the value of an earlier or simultaneous attempt.
 * - `set`: setSecret installed AWSPENDING in the service.
 * - `passed`: testSecret found that the service accepts AWSPENDING.
 * - `promoted`: finishSecret moved AWSCURRENT to the new version.
 * - `already-current`: another attempt had finished the rotation, so the step did nothing.
 */
export type Outcome = 'created' | 'kept' | 'set' | 'passed' | 'promoted' | 'already-current';

export interface Rotation<Secret extends object, Field extends keyof Secret & string> {
  readonly rotator: Rotator<Secret, Field>;
  readonly client: SecretsManagerApi;
  readonly values: SecretValues;
  readonly event: RotationEvent;
  readonly context: VersionsContext;
  readonly deadline: Deadline;
  /** Learns what createSecret makes. */
  readonly hidden: HiddenValues;
  readonly confirming: Confirmation;
}

/**
 * Takes one of the four steps of a rotation.
 *
 * | Step         | Reads                   | Asks the rotator to                | Writes                      |
 * | ------------ | ----------------------- | ---------------------------------- | --------------------------- |
 * | createSecret | AWSCURRENT, AWSPENDING  | make a new credential              | a value for AWSPENDING      |
 * | setSecret    | AWSCURRENT, AWSPENDING  | install it in the service          | nothing                     |
 * | testSecret   | AWSPENDING              | use it                             | nothing                     |
 * | finishSecret | both, if the rotator    | retire what loses its last label   | AWSCURRENT moves to the new |
 * |              | has finishSecret        |                                    |                             |
 *
 * Each begins with DescribeSecret and the checks of `checks.ts`, and does nothing for a version that is AWSCURRENT.
 */
export async function takeStep<Secret extends object, Field extends keyof Secret & string>(
  rotation: Rotation<Secret, Field>,
): Promise<Outcome> {
  const { rotator, client, values, event, context, deadline, hidden, confirming } = rotation;
  const { SecretId, ClientRequestToken, RotationToken, Step } = event;
  const both: readonly Label[] = ['AWSCURRENT', 'AWSPENDING'];
  const steps: Record<Step, { readonly reads: readonly Label[]; take(seen: Snapshot): Promise<Outcome> }> = {
    createSecret: { reads: both, take: createSecret },
    setSecret: { reads: both, take: setSecret },
    testSecret: { reads: ['AWSPENDING'], take: testSecret },
    finishSecret: { reads: rotator.finishSecret ? both : [], take: finishSecret },
  };
  const { reads, take } = steps[Step];
  const reader = rotatorVersions(rotation);
  const seen = await takeSnapshot(rotation, reads);
  if (seen === 'current') return 'already-current';
  confirming.expect(seen.currentId);
  const outcome = await take(seen);
  return confirming.isCurrent ? 'already-current' : outcome;

  async function createSecret(seen: Snapshot): Promise<Outcome> {
    const { pending } = seen;
    if (pending) {
      reader.parse(pending);
      return 'kept';
    }
    const stored = required(seen.current, 'AWSCURRENT');
    const current = reader.parse(stored);
    await assertNoStaleField(stored.json, rotator);
    const made = await ask(() => rotator.createSecret(current, context));
    hidden.hideFields({ ...made }, rotator.shows, Object.keys({ ...made }));
    let isSent = false;
    try {
      // Only what was made says which of these stay.
      if (rotator.mayRotate) await assertNoStaleField(stored.json, rotator, Object.keys({ ...made }));
      const next = pendingString(stored, made, current);
      isSent = true;
      await client.putSecretValue({
        SecretId,
        ClientRequestToken,
        SecretString: next,
        VersionStages: ['AWSPENDING'],
        ...(RotationToken !== undefined && { RotationToken }),
      });
      return 'created';
    } catch (error) {
      if (!isSent || isCertainlyNotStored(error)) await discard(made, current);
      // Another attempt stored its value first, and all later steps will see that one.
      if (isRefusal(error, 'ResourceExistsException')) return 'kept';
      throw error;
    }
  }

  /** Returns the text of AWSPENDING, after reading it back: nobody can correct a stored version. */
  function pendingString(stored: SecretString, made: Pick<Secret, Field>, current: Secret): string {
    const changes = rotatedFields(rotator, made, current);
    const SecretString = editSecretString(stored, changes);
    try {
      const next = values.readText(SecretString, 'AWSPENDING');
      if (next.isPlain !== stored.isPlain)
        throw new TypeError('createSecret turned a plain text into a JSON object');
      reader.parse(next);
    } catch (cause) {
      throw new RotationError(
        'ERR_ROTATOR_FAILED',
        `createSecret of ${rotator.name} returned a value that its parse() refuses`,
        {
          hint: 'return a JSON value that parse() accepts for each field in rotates; nothing was stored',
          cause,
        },
      );
    }
    return SecretString;
  }

  async function setSecret(seen: Snapshot): Promise<Outcome> {
    const versions = reader.versions(seen, seen.previous?.id);
    await ask(() => rotator.setSecret(versions, context));
    return 'set';
  }

  async function testSecret({ pending }: Snapshot): Promise<Outcome> {
    const secret = reader.parse(required(pending, 'AWSPENDING'));
    const verdict: unknown = await ask(() => rotator.testSecret(secret, context));
    if (verdict === 'accepted') return 'passed';
    if (verdict !== 'rejected') {
      throw new RotationError('ERR_ROTATOR_FAILED', `testSecret of ${rotator.name} returned no verdict`, {
        hint: "return 'accepted' or 'rejected', or throw if the service gave no clear answer",
      });
    }
    throw new RotationError('ERR_CREDENTIAL_REJECTED', 'the service rejected the credential in AWSPENDING', {
      hint:
        rotator.rejectionHint ??
        'if setSecret succeeded, the service needs more time or lost the new value: the next attempt runs setSecret again',
    });
  }

  async function finishSecret(seen: Snapshot): Promise<Outcome> {
    // Before the move, not after: once the label has moved, a retry finds nothing left to do.
    if (rotator.finishSecret) {
      const { previous } = seen;
      const versions = reader.versions(seen, previous?.isLosingItsLastLabel ? previous.id : undefined);
      await ask(() => rotator.finishSecret?.(versions, context));
    }
    try {
      // A compare-and-set. Secrets Manager removes AWSPENDING itself; a second write so soon after the first can wedge
      // the secret's replication.
      await client.updateSecretVersionStage({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: seen.currentId,
      });
    } catch (error) {
      if (!(await isPromoted(seen.currentId))) throw error;
    }
    return 'promoted';
  }

  /** Whether a failed move has worked: if its answer was lost, Secrets Manager refuses the SDK's own retry. */
  async function isPromoted(from: string): Promise<boolean> {
    const labels = await client.describeSecret({ SecretId }).catch(() => undefined);
    // Unknown: the caller reports the failed move.
    if (!labels) return false;
    const state = versionState(labels, ClientRequestToken);
    // The version was AWSPENDING when the step began. Somebody has stored another value since, which took its last label.
    if (state.kind === 'unknown') throw abandoned(ClientRequestToken);
    if (state.kind === 'pending' && state.currentId !== from) {
      throw new RotationError(
        'ERR_CURRENT_MOVED',
        'AWSCURRENT moved to another version during finishSecret',
        {
          hint:
            `somebody moved the label. Most likely the service accepts only version ${ClientRequestToken}: find out ` +
            'which version it accepts; do not remove a label or a version before that',
        },
      );
    }
    return state.kind === 'current';
  }

  async function discard(made: Pick<Secret, Field>, current: Secret): Promise<void> {
    try {
      await ask(() => rotator.discardSecret?.(made, current, context));
    } catch {
      // finishSecret finds what is left over. The caller reports the error that matters.
    }
  }

  function ask<T>(work: () => T | Promise<T>): Promise<T> {
    const likelyCause =
      `the service of ${rotator.name} did not answer: check routes and security groups between the function and it, ` +
      "and the function's timeout";
    const said = rotator.ownWords ? work : () => saidByOthers(work);
    const method = () => deadline.during(`${Step} of the rotator ${rotator.name}`, likelyCause, said);
    return confirming.during(method, () => labelLooks(rotation, Step).check());
  }
}
