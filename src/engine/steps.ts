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

/** What a step did. `kept`: an earlier or simultaneous attempt's value stands. */
export type Outcome = 'created' | 'kept' | 'set' | 'passed' | 'promoted' | 'already-current';

export interface Rotation<Secret extends object, Field extends keyof Secret & string> {
  readonly rotator: Rotator<Secret, Field>;
  readonly client: SecretsManagerApi;
  readonly values: SecretValues;
  readonly event: RotationEvent;
  readonly context: VersionsContext;
  readonly deadline: Deadline;
  /** Is told of what createSecret makes. */
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
 * | finishSecret | both, if it is asked to | retire what loses its last label   | AWSCURRENT moves to the new |
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
      // The other attempt's value is as good as ours, and the one that all later steps will see.
      if (isRefusal(error, 'ResourceExistsException')) return 'kept';
      throw error;
    }
  }

  /** The text of AWSPENDING. It is read once before it is stored: a stored version can never be corrected. */
  function pendingString(stored: SecretString, made: Pick<Secret, Field>, current: Secret): string {
    const changes = rotatedFields(rotator, made, current);
    const SecretString = editSecretString(stored, changes);
    try {
      const next = values.readText(SecretString, 'AWSPENDING');
      if (next.isPlain !== stored.isPlain) throw new TypeError('a plain text must not become a JSON object');
      reader.parse(next);
    } catch (cause) {
      throw new RotationError(
        'ERR_ROTATOR_FAILED',
        `createSecret of ${rotator.name} made what it cannot read`,
        {
          hint: 'each rotated field must be a value of JSON that parse() of the rotator takes',
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
      throw new RotationError('ERR_ROTATOR_FAILED', `testSecret of ${rotator.name} came to no verdict`, {
        hint: "it must return 'accepted' or 'rejected', or throw if it could not find out",
      });
    }
    throw new RotationError('ERR_CREDENTIAL_REJECTED', 'the service rejected the credential in AWSPENDING', {
      hint:
        rotator.rejectionHint ??
        'if setSecret was done, the service needs time to take a new value, or did not keep it',
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
      // A compare-and-set. AWSPENDING stays where it is: Secrets Manager clears it, and a second write so soon after
      // the first can wedge the replication of a secret.
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

  /** Whether a move that failed has worked all the same: its answer was lost, and the SDK's own retry was refused. */
  async function isPromoted(from: string): Promise<boolean> {
    const labels = await client.describeSecret({ SecretId }).catch(() => undefined);
    // Nobody knows: the failure of the move is what there is to tell.
    if (!labels) return false;
    const state = versionState(labels, ClientRequestToken);
    // It was AWSPENDING when the step began. A value that somebody stored meanwhile has taken its last label.
    if (state.kind === 'unknown') throw abandoned(ClientRequestToken);
    if (state.kind === 'pending' && state.currentId !== from) {
      throw new RotationError(
        'ERR_CURRENT_MOVED',
        'AWSCURRENT moved to another version during finishSecret',
        {
          hint:
            `somebody moved the label; most likely the service takes only the value of version ${ClientRequestToken}: ` +
            'find out which one it takes before anything is removed',
        },
      );
    }
    return state.kind === 'current';
  }

  async function discard(made: Pick<Secret, Field>, current: Secret): Promise<void> {
    try {
      await ask(() => rotator.discardSecret?.(made, current, context));
    } catch {
      // What is left over is the sweep's in finishSecret; the failure that led here matters more.
    }
  }

  function ask<T>(work: () => T | Promise<T>): Promise<T> {
    const likelyCause =
      `nothing answered ${rotator.name}: look at the way to its service (routes, security groups), and at the ` +
      "function's timeout";
    const said = rotator.ownWords ? work : () => saidByOthers(work);
    const method = () => deadline.during(`${Step} of the rotator ${rotator.name}`, likelyCause, said);
    return confirming.during(method, () => labelLooks(rotation, Step).check());
  }
}
