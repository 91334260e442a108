import * as refusals from '../api/refusals.js';
import type { Trail } from '../rotations/trail.js';
import type { Settings } from '../settings.js';
import type { VersionMap } from '../store/labels.js';
import type { Store } from '../store/store.js';
import { isValidName, type StoredSecret } from '../store/stored-secret.js';

/** The context of one call. */
export interface Call {
  readonly now: Date;
  readonly store: Store;
  readonly trail: Trail;
  readonly settings: Settings;
  /** Whether a rotation function of this name is registered. */
  hasFunction(name: string): boolean;
  /** The versions as this call sees them: perhaps without the last change. */
  versionsOf(secret: StoredSecret): VersionMap;
}

/**
 * Checks the form of a SecretId. AWS does so before it checks anything else, and reports a missing secret last.
 *
 * @throws ValidationException
 */
export function assertNameOrArn(secretId = ''): void {
  if (!secretId.startsWith('arn:') && !isValidName(secretId)) throw refusals.invalidName();
}

/**
 * Returns the call's secret, even if it is marked for deletion.
 *
 * @throws ValidationException ResourceNotFoundException
 */
export function described({ store, now }: Call, secretId: string | undefined): StoredSecret {
  assertNameOrArn(secretId);
  const secret = store.find(secretId ?? '', now);
  if (!secret) throw refusals.noSuchSecret();
  return secret;
}

/**
 * Returns the call's secret, unless it is marked for deletion.
 *
 * @throws ValidationException ResourceNotFoundException InvalidRequestException
 */
export function live(call: Call, secretId: string | undefined): StoredSecret {
  const secret = described(call, secretId);
  if (secret.deletedDate) throw refusals.markedForDeletion();
  return secret;
}

/** Changes a secret completely or not at all. */
export function commit<T>({ store, now }: Call, secret: StoredSecret, work: () => T): T {
  return store.commit(secret, now, work);
}

export function identity({ arn, name }: StoredSecret): { ARN: string; Name: string } {
  return { ARN: arn, Name: name };
}
