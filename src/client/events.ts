import { channel } from 'node:diagnostics_channel';
import type { SecretErrorCode } from './secret-error.js';

/** What happened to a secret in this process. No event holds a value. */
export type ClientEvent = { readonly secretId: string; readonly versionId?: string } & (
  | {
      /** A look at Secrets Manager was answered. `isChange`: with another version than the one that was held. */
      readonly type: 'read';
      readonly stage: string;
      readonly ms: number;
      readonly isChange: boolean;
    }
  | {
      /** A look failed. What is held is given out until it is `staleMs` old; `ageMs` is how old it is. */
      readonly type: 'read-failed' | 'access-denied';
      readonly code: SecretErrorCode;
      /** The name of AWS's error, if it was AWS that answered. */
      readonly reason?: string;
      readonly ageMs: number | undefined;
    }
  | {
      /** The first time after a failed look that a version was given out which should have been looked at again. */
      readonly type: 'stale-used';
      readonly ageMs: number;
    }
  /** A service refused the version. */
  | { readonly type: 'refused' }
  /** A service refused AWSCURRENT and took AWSPENDING: a rotation is between setSecret and finishSecret. */
  | { readonly type: 'pending-used' }
  /** AWSPENDING was taken off the version that works, and AWSCURRENT is still the one that is refused: repair the secret. */
  | { readonly type: 'pending-orphaned' }
  /** A version was refused, and `pending` does not say which fields rotate: AWSPENDING is not tried. */
  | { readonly type: 'pending-unnamed' }
  /** No version was found in a full window that the service accepts. */
  | { readonly type: 'gave-up' }
  /** A pool ended a session of a user that is no longer the secret's. */
  | { readonly type: 'retired' }
);

type Untold<E> = E extends ClientEvent ? Omit<E, 'secretId'> : never;

/** An event without the secret's id. */
export type Happening = Untold<ClientEvent>;

const events = channel('quarterturn:client');

/** Publishes an event on `node:diagnostics_channel`, if anybody listens. */
export function tell(secretId: string, event: Happening): void {
  if (events.hasSubscribers) events.publish({ secretId, ...event });
}

/** Calls the listener with every event of the channel `quarterturn:client`. Returns what ends it. */
export function onClientEvent(listener: (event: ClientEvent) => void): () => void {
  const subscriber = (message: unknown) => listener(message as ClientEvent);
  events.subscribe(subscriber);
  return () => void events.unsubscribe(subscriber);
}
