import { RotationError, type StepContext, stringField } from '../../src/index.js';
import { SLOTS } from './slots.js';

/** A field of a secret that holds a token. */
export type Slot = (typeof SLOTS)[number];

/** Secret with tokens, or with private keys in PEM. Before the first rotation it may be empty, or hold only `current`. */
export type ServiceTokenSecret = {
  /** Value that clients sent before the last rotation. */
  readonly previous?: string;
  /** Value that clients send now. */
  readonly current?: string;
  /** Value that clients send after the next rotation. */
  readonly next?: string;
};

/**
 * Parses a secret.
 *
 * @throws TypeError naming the field, never its value
 */
export function parseSecret(json: Readonly<Record<string, unknown>>): ServiceTokenSecret {
  const held = SLOTS.filter((slot) => Object.hasOwn(json, slot));
  const secret: ServiceTokenSecret = Object.fromEntries(held.map((slot) => [slot, stringField(json, slot)]));
  // An empty secret has no token yet. Other fields without `current` are an error: somebody removed it.
  return held.length === 0 ? secret : { ...secret, current: stringField(json, 'current') };
}

/** Returns the distinct values of some versions of a secret. */
export function valuesOf(...secrets: readonly ServiceTokenSecret[]): readonly string[] {
  const all = secrets.flatMap((secret) => SLOTS.map((slot) => secret[slot]));
  return [...new Set(all.filter((value) => value !== undefined))];
}

/**
 * Checks that services with AWSCURRENT and services with AWSPENDING accept each other's clients. They do, unless AWSCURRENT has
 * moved since AWSPENDING was made from it.
 *
 * @throws RotationError `ERR_PENDING_MISMATCH` if they do not
 */
export function assertNextStep(
  pending: ServiceTokenSecret,
  current: ServiceTokenSecret,
  { secretId, token }: StepContext,
): void {
  const accepts = (service: ServiceTokenSecret, client: ServiceTokenSecret): boolean =>
    client.current !== undefined && valuesOf(service).includes(client.current);
  const isFirst = current.current === undefined;
  if (isFirst || (accepts(pending, current) && accepts(current, pending))) return;
  throw new RotationError('ERR_PENDING_MISMATCH', 'AWSPENDING is not the next step from AWSCURRENT', {
    hint:
      'AWSCURRENT has moved since AWSPENDING was made. Nobody uses AWSPENDING yet. ' +
      `Drop it, and the next rotation makes another: aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING ` +
      `--remove-from-version-id ${token}`,
  });
}
