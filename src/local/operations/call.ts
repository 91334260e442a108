import * as refusals from '../api/refusals.js';
import type { Trail } from '../rotations/trail.js';
import type { Settings } from '../settings.js';
import type { VersionMap } from '../store/labels.js';
import type { Store } from '../store/store.js';
import { isValidName, type StoredSecret } from '../store/stored-secret.js';

/** One call of an operation: when it happens, and what it works on. */
export interface Call {
  readonly now: Date;
  readonly store: Store;
  readonly trail: Trail;
  readonly settings: Settings;
  /** Whether there is a rotation function of this name. */
  hasFunction(name: string): boolean;
  /** The versions as this call sees them: perhaps not yet as the last change has left them. */
  versionsOf(secret: StoredSecret): VersionMap;
}

/**
 * Whether a SecretId could be one is told before anything else of the request, and that the secret is missing last.
 *
 * @throws ValidationException
 */
export function assertNameOrArn(secretId = ''): void {
  if (!secretId.startsWith('arn:') && !isValidName(secretId)) throw refusals.invalidName();
}

/**
 * The secret that a call is about.
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
 * The secret that a call is about, if it is not marked for deletion.
 *
 * @throws ValidationException ResourceNotFoundException InvalidRequestException
 */
export function live(call: Call, secretId: string | undefined): StoredSecret {
  const secret = described(call, secretId);
  if (secret.deletedDate) throw refusals.markedForDeletion();
  return secret;
}

/** Changes a secret, whole or not at all. */
export function commit<T>({ store, now }: Call, secret: StoredSecret, work: () => T): T {
  return store.commit(secret, now, work);
}

export function identity({ arn, name }: StoredSecret): { ARN: string; Name: string } {
  return { ARN: arn, Name: name };
}
