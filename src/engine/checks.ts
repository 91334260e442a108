import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { RotationError } from '../errors.js';
import type { Step } from '../step.js';
import type { RotationEvent } from './event.js';

type Labels = Readonly<Record<string, string[]>>;

/** State of the version that an event names, by the staging labels. */
export type VersionState =
  | { readonly kind: 'current' }
  | { readonly kind: 'pending'; readonly currentId: string; readonly previous: PreviousVersion | undefined }
  /** The secret does not list the version, or does not list it yet. */
  | { readonly kind: 'unknown' };

/** The version that carries AWSPREVIOUS. */
export interface PreviousVersion {
  readonly id: string;
  /** Whether AWSPREVIOUS is its only label: it then loses it when this rotation ends. */
  readonly isLosingItsLastLabel: boolean;
}

/**
 * Reads the answer of DescribeSecret, and checks it in the order of the code.
 *
 * @throws {@link RotationError} if this function must not rotate the secret or the version
 */
export function versionState(secret: DescribeSecretResponse, ClientRequestToken: string): VersionState {
  assertReadable(secret);
  assertRotatable(secret);
  const labels = secret.VersionIdsToStages ?? {};
  const own = Object.hasOwn(labels, ClientRequestToken) ? labels[ClientRequestToken] : undefined;
  if (!own) return { kind: 'unknown' };
  if (own.includes('AWSCURRENT')) return { kind: 'current' };
  assertPending(own, secret, ClientRequestToken);
  const currentId = holder(labels, 'AWSCURRENT');
  if (currentId === undefined) {
    throw new RotationError('ERR_CURRENT_MISSING', 'no version of the secret is labelled AWSCURRENT', {
      hint:
        'in a new secret, store a working value with PutSecretValue, then rotate. In an older one, find the version that the ' +
        'service accepts (ListSecretVersionIds lists all) and move AWSCURRENT to it with UpdateSecretVersionStage',
    });
  }
  return { kind: 'pending', currentId, previous: previousVersion(labels) };
}

/**
 * Returns the state of the version right before a change. It does not check again whether the secret may be rotated.
 *
 * @param currentId version that was AWSCURRENT when the step began
 * @throws {@link RotationError} `ERR_ROTATION_ABANDONED`, `ERR_ROTATION_UNDONE` or `ERR_CURRENT_MOVED`
 */
export function versionSeen(
  secret: DescribeSecretResponse,
  { Step, ClientRequestToken }: RotationEvent,
  currentId: string | undefined,
): 'pending' | 'current' | 'unlisted' {
  assertReadable(secret);
  const labels = secret.VersionIdsToStages ?? {};
  const own = Object.hasOwn(labels, ClientRequestToken) ? labels[ClientRequestToken] : undefined;
  if (!own) return 'unlisted';
  if (own.includes('AWSCURRENT')) return 'current';
  // A later rotation or a person has replaced it: its value must not reach the service.
  if (!own.includes('AWSPENDING')) throw abandoned(ClientRequestToken, Step);
  assertPending(own, secret, ClientRequestToken, Step);
  if (holder(labels, 'AWSCURRENT') !== currentId) {
    throw new RotationError('ERR_CURRENT_MOVED', `AWSCURRENT moved to another version${whileIn(Step)}`, {
      hint:
        'somebody moved the label, so the change could have replaced the password in AWSCURRENT. Secrets Manager tries ' +
        'the rotation again, from the version that is AWSCURRENT now',
    });
  }
  return 'pending';
}

function assertPending(
  labels: readonly string[],
  { ARN = '<secret>' }: DescribeSecretResponse,
  ClientRequestToken: string,
  during?: Step,
): void {
  if (labels.includes('AWSPREVIOUS')) {
    throw new RotationError(
      'ERR_ROTATION_UNDONE',
      `the version was AWSCURRENT once and is AWSPREVIOUS now${whileIn(during)}`,
      {
        hint:
          'this version will not become AWSCURRENT again: a later rotation replaced it, or somebody moved AWSCURRENT back. ' +
          'Only if the service accepts AWSCURRENT and AWSPENDING is still here, remove that label and rotate again: ' +
          `aws secretsmanager update-secret-version-stage --secret-id ${ARN} --version-stage AWSPENDING ` +
          `--remove-from-version-id ${ClientRequestToken}`,
      },
    );
  }
  if (!labels.includes('AWSPENDING')) throw abandoned(ClientRequestToken, during);
}

function whileIn(step: Step | undefined): string {
  return step ? ` while ${step} was running: this attempt changed nothing` : '';
}

/** Returns the error of a version that lost AWSPENDING, its last label: DescribeSecret no longer lists it. */
export function abandoned(ClientRequestToken: string, during?: Step): RotationError {
  return new RotationError(
    'ERR_ROTATION_ABANDONED',
    `the version lost the label AWSPENDING${whileIn(during)}`,
    {
      hint:
        'somebody stored another value or removed the label. If setSecret had run, the service may accept only this ' +
        `version's value: GetSecretValue with VersionId ${ClientRequestToken} still reads it`,
    },
  );
}

/** The SDK checks no types, and a string has `includes` too: "AWSCURRENT-1" would count as AWSCURRENT. */
function assertReadable(answer: unknown): asserts answer is DescribeSecretResponse {
  if (isObject(answer)) {
    const { ARN, OwningService, PrimaryRegion, Type, VersionIdsToStages: labels } = answer;
    const areTexts = [ARN, OwningService, PrimaryRegion, Type].every(
      (text) => typeof (text ?? '') === 'string',
    );
    if (areTexts && isObject(labels ?? {}) && Object.values(labels ?? {}).every(Array.isArray)) return;
  }
  throw new RotationError('ERR_SECRETS_MANAGER_FAILED', 'DescribeSecret returned an invalid answer', {
    hint: 'check the endpoint of the client: it may not be Secrets Manager',
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function assertRotatable({
  ARN,
  DeletedDate,
  OwningService,
  PrimaryRegion,
  RotationEnabled,
  Type,
}: DescribeSecretResponse): void {
  if (OwningService) {
    throw new RotationError('ERR_MANAGED_BY_SERVICE', `the secret is managed by ${OwningService}`, {
      hint: 'that service rotates it: change the schedule there, and detach this function',
    });
  }
  if (Type) {
    throw new RotationError('ERR_MANAGED_EXTERNALLY', 'the secret is a managed external secret', {
      hint: 'Secrets Manager rotates it without a function: detach this one',
    });
  }
  if (PrimaryRegion && ARN && PrimaryRegion !== ARN.split(':')[3]) {
    throw new RotationError('ERR_REPLICA', `the secret is a replica; its primary is in ${PrimaryRegion}`, {
      hint: `rotate the primary in ${PrimaryRegion}: its replicas follow`,
    });
  }
  if (DeletedDate) {
    throw new RotationError('ERR_MARKED_FOR_DELETION', 'the secret is marked for deletion', {
      hint: 'find out who marked it, and why. Only if somebody still needs it, call RestoreSecret, then rotate again',
    });
  }
  // Absent is fine: AWS's own database functions accept a secret whose rotation nobody has configured.
  if (RotationEnabled === false) {
    throw new RotationError('ERR_ROTATION_DISABLED', 'rotation is turned off for the secret', {
      hint:
        'find out who turned it off, and why, before you call RotateSecret: it turns rotation on and rotates at once. Leave ' +
        'AWSPENDING where it is until then',
    });
  }
}

function previousVersion(labels: Labels): PreviousVersion | undefined {
  const id = holder(labels, 'AWSPREVIOUS');
  if (id === undefined) return undefined;
  return { id, isLosingItsLastLabel: labels[id]?.length === 1 };
}

function holder(labels: Labels, label: string): string | undefined {
  return Object.keys(labels).find((id) => labels[id]?.includes(label));
}
