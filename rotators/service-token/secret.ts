import { RotationError, type StepContext, stringField } from '../../src/index.js';
import { SLOTS } from './slots.js';

export type Slot = (typeof SLOTS)[number];

/** Tokens, or private keys as PEM. Empty until the first rotation, or with just the `current` that is in use. */
export type ServiceTokenSecret = { readonly [slot in Slot]?: string };

/** @throws TypeError naming the field, never its value */
export function parseSecret(json: Readonly<Record<string, unknown>>): ServiceTokenSecret {
  const held = SLOTS.filter((slot) => Object.hasOwn(json, slot));
  const secret: ServiceTokenSecret = Object.fromEntries(held.map((slot) => [slot, stringField(json, slot)]));
  // With none of them nobody has a token yet; with another one alone, somebody took it out.
  return held.length === 0 ? secret : { ...secret, current: stringField(json, 'current') };
}

/** The values of versions of a secret, each once. */
export function valuesOf(...secrets: readonly ServiceTokenSecret[]): readonly string[] {
  const all = secrets.flatMap((secret) => SLOTS.map((slot) => secret[slot]));
  return [...new Set(all.filter((value) => value !== undefined))];
}

/**
 * Who has read AWSCURRENT, and who has read AWSPENDING, must accept each other's clients. They do, unless AWSCURRENT has
 * moved since AWSPENDING was made of it.
 *
 * @throws RotationError `ERR_PENDING_MISMATCH`
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
      'AWSCURRENT has moved since AWSPENDING was made, which nobody uses yet. This drops it, and the next rotation ' +
      `makes another: aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING ` +
      `--remove-from-version-id ${token}`,
  });
}
