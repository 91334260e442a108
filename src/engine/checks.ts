import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { RotationError } from '../errors.js';
import type { Step } from '../step.js';
import type { RotationEvent } from './event.js';

type Labels = Readonly<Record<string, string[]>>;

/** What the staging labels say about the version that an event names. */
export type VersionState =
  | { readonly kind: 'current' }
  | { readonly kind: 'pending'; readonly currentId: string; readonly previous: PreviousVersion | undefined }
  /** The secret does not list the version, or does not list it yet. */
  | { readonly kind: 'unknown' };

/** The version that carries AWSPREVIOUS. */
export interface PreviousVersion {
  readonly id: string;
  /** Whether it has no other label, so that this rotation's end is its own. */
  readonly isLosingItsLastLabel: boolean;
}

/**
 * Reads the answer of DescribeSecret. The checks stand in the order in which they are made.
 *
 * @throws RotationError for a secret or a version that must not be rotated by this function
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
        'in a new secret store a value that works (PutSecretValue), then rotate. If there was one, find out which version the ' +
        'service takes (ListSecretVersionIds shows them all), and move AWSCURRENT there with UpdateSecretVersionStage',
    });
  }
  return { kind: 'pending', currentId, previous: previousVersion(labels) };
}

/**
 * What a look right before a change says of the version, and of nothing else: whether the secret may be rotated was
 * checked when the step began.
 *
 * @param currentId the version that was AWSCURRENT when the step began
 * @throws RotationError `ERR_ROTATION_ABANDONED`, `ERR_ROTATION_UNDONE` or `ERR_CURRENT_MOVED`
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
  // Without AWSPENDING a later rotation has replaced it, or somebody has: nothing of this one may reach the service.
  if (!own.includes('AWSPENDING')) throw abandoned(ClientRequestToken, Step);
  assertPending(own, secret, ClientRequestToken, Step);
  if (holder(labels, 'AWSCURRENT') !== currentId) {
    throw new RotationError('ERR_CURRENT_MOVED', `AWSCURRENT moved to another version${whileIn(Step)}`, {
      hint:
        'somebody moved the label, so this change could have overwritten the password in AWSCURRENT. Secrets Manager tries ' +
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
          'this version is not promoted again. Either a later rotation has replaced it, or somebody moved AWSCURRENT back. ' +
          'If the service takes AWSCURRENT and AWSPENDING is still on this version, take that label off and rotate again: ' +
          `aws secretsmanager update-secret-version-stage --secret-id ${ARN} --version-stage AWSPENDING ` +
          `--remove-from-version-id ${ClientRequestToken}`,
      },
    );
  }
  if (!labels.includes('AWSPENDING')) throw abandoned(ClientRequestToken, during);
}

function whileIn(step: Step | undefined): string {
  return step ? ` while ${step} was under way: this attempt changed nothing` : '';
}

/** The rotation is over, but not done: its version has lost AWSPENDING, and with its last label its place in DescribeSecret. */
export function abandoned(ClientRequestToken: string, during?: Step): RotationError {
  return new RotationError(
    'ERR_ROTATION_ABANDONED',
    `the version lost the label AWSPENDING${whileIn(during)}`,
    {
      hint:
        'somebody stored another value or removed the label. If setSecret was done before, the service may take only this ' +
        `version's value: GetSecretValue with VersionId ${ClientRequestToken} still reads it`,
    },
  );
}

/** The SDK checks no types, and a text has `includes` too: of "AWSCURRENT-1", say. */
function assertReadable(answer: unknown): asserts answer is DescribeSecretResponse {
  if (isObject(answer)) {
    const { ARN, OwningService, PrimaryRegion, Type, VersionIdsToStages: labels } = answer;
    const areTexts = [ARN, OwningService, PrimaryRegion, Type].every(
      (text) => typeof (text ?? '') === 'string',
    );
    if (areTexts && isObject(labels ?? {}) && Object.values(labels ?? {}).every(Array.isArray)) return;
  }
  throw new RotationError('ERR_SECRETS_MANAGER_FAILED', 'DescribeSecret answered what cannot be read', {
    hint: 'look at what the endpoint of the client leads to: something else may stand there',
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
      hint: 'its rotation is that service’s own: change the schedule there, and detach this function',
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
      hint: 'find out who marked it, and why. If it is still needed, RestoreSecret keeps it, and it rotates again',
    });
  }
  // Absent is fine: AWS's own database functions take a secret whose rotation was never configured.
  if (RotationEnabled === false) {
    throw new RotationError('ERR_ROTATION_DISABLED', 'rotation is turned off for the secret', {
      hint:
        'somebody has cancelled it: find out why first. RotateSecret turns it on again, and rotates at once; leave AWSPENDING ' +
        'where it is until then',
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
