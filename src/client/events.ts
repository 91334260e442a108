import { channel } from 'node:diagnostics_channel';
import type { SecretErrorCode } from './secret-error.js';

/** An event about a secret in this process, as {@link onClientEvent} delivers it. It never holds a secret's value. */
export type ClientEvent = {
  /** Id of the secret, as given to {@link rotatingSecret}. */
  readonly secretId: string;
  /** Id of the version; absent from `read-failed`, `access-denied` and `stale-used`. */
  readonly versionId?: string;
} & (
  | {
      /** Secrets Manager answered a read. */
      readonly type: 'read';
      /** Staging label that was read, or the version's id if `version` pins one. */
      readonly stage: string;
      /** Time until the answer, in milliseconds. */
      readonly ms: number;
      /** Whether the answer is a different version from the one in memory. */
      readonly isChange: boolean;
    }
  | {
      /** A read failed. The value in memory stays in use until it is `staleMs` old. */
      readonly type: 'read-failed' | 'access-denied';
      /** Code of the {@link SecretError} that describes the failure. */
      readonly code: SecretErrorCode;
      /** Name of AWS's error; absent if AWS did not answer. */
      readonly reason?: string;
      /** Age of the value in memory, in milliseconds; undefined if there is no value. */
      readonly ageMs: number | undefined;
    }
  | {
      /** A value older than `freshMs` was used because a read failed. Emitted once per failed read. */
      readonly type: 'stale-used';
      /** Age of the value, in milliseconds. */
      readonly ageMs: number;
    }
  | {
      /** A service refused the version. */
      readonly type: 'refused';
    }
  | {
      /** A service refused AWSCURRENT and accepted AWSPENDING: a rotation is between setSecret and finishSecret. */
      readonly type: 'pending-used';
    }
  | {
      /** AWSPENDING was removed from the version that works, and AWSCURRENT is still refused: repair the secret. */
      readonly type: 'pending-orphaned';
    }
  | {
      /** A version was refused, and the secret has none of the default `pending` fields: AWSPENDING is not tried. */
      readonly type: 'pending-unnamed';
    }
  | {
      /** The service accepted no version during a full `windowMs`. */
      readonly type: 'gave-up';
    }
  | {
      /** A pool closed a session of a user that is no longer the secret's. */
      readonly type: 'retired';
    }
);

type Untold<E> = E extends ClientEvent ? Omit<E, 'secretId'> : never;

/** An event without the secret's id. */
export type Happening = Untold<ClientEvent>;

const events = channel('quarterturn:client');

/** Publishes an event on `node:diagnostics_channel`, if anybody listens. */
export function tell(secretId: string, event: Happening): void {
  if (events.hasSubscribers) events.publish({ secretId, ...event });
}

/**
 * Calls the listener with every {@link ClientEvent} of this process.
 *
 * The events are on the channel `quarterturn:client` of `node:diagnostics_channel`.
 *
 * @returns a function that removes the listener
 * @example
 * ```ts
 * const stop = onClientEvent(({ type, secretId }) => metrics.count(type, secretId));
 * ```
 */
export function onClientEvent(listener: (event: ClientEvent) => void): () => void {
  const subscriber = (message: unknown) => listener(message as ClientEvent);
  events.subscribe(subscriber);
  return () => void events.unsubscribe(subscriber);
}
