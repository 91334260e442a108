import {
  type Awaitable,
  RotationError,
  type Rotator,
  type StepContext,
  type Verdict,
  type Versions,
} from '../../src/index.js';
import { type Kind, keyPairs, randomTokens, type Sign } from './kinds.js';
import { assertNextStep, parseSecret, type ServiceTokenSecret, type Slot, valuesOf } from './secret.js';
import { ask, install, type ProbeCall, type ServiceCall, unproven } from './service.js';
import { SLOTS } from './slots.js';
import type { Jwks } from './verify/index.js';

export type { Sign } from './kinds.js';
export type { ServiceTokenSecret } from './secret.js';
export type { ProbeCall, ServiceCall } from './service.js';
export type { Claims, Jwks, PublicJwk } from './verify/index.js';

/** Options of {@link serviceToken}. */
export type ServiceTokenOptions = RandomTokenOptions | KeyPairOptions;

/** Options of {@link serviceToken} for random tokens. */
export interface RandomTokenOptions extends ServiceCalls<readonly string[], string> {
  /** Kind of the values: 32 random bytes each. @default 'random' */
  readonly kind?: 'random';
}

/** Options of {@link serviceToken} for signing keys. */
export interface KeyPairOptions extends ServiceCalls<Jwks, Sign> {
  /** Kind of the private keys. */
  readonly kind: 'Ed25519' | 'RSA';
  /** Size of RSA keys in bits, 2048 to 8192. @default 2048 */
  readonly modulusLength?: number;
}

interface ServiceCalls<Accepted, Credential> {
  /**
   * Returns the request that makes the service accept exactly these values: everything that AWSCURRENT and AWSPENDING hold. It
   * is sent in setSecret, possibly more than once.
   *
   * @default undefined: the service reads the secret
   */
  readonly install?: (accepted: Accepted, context: StepContext) => Awaitable<ServiceCall>;
  /**
   * Returns a client's request with a credential. testSecret sends it twice: with `current`, and with a credential that the
   * service must refuse.
   *
   * @default undefined: testSecret checks the values against each other
   */
  readonly probe?: (credential: Credential, context: StepContext) => Awaitable<ProbeCall>;
}

/**
 * Returns a rotator for a token that your own services check: a random one, or one signed with a key of the secret.
 *
 * A rotation moves `current` to `previous` and `next` to `current`, and makes a new `next`. Clients send `current`, services
 * accept all three. So a client or service that read the secret one rotation late still works, and no clock matters.
 *
 * @throws TypeError if an option is invalid
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { serviceToken } from 'quarterturn/rotators/service-token';
 *
 * export const handler = rotationHandler(serviceToken());
 * ```
 */
export function serviceToken(options?: RandomTokenOptions): Rotator<ServiceTokenSecret, Slot>;
export function serviceToken(options: ServiceTokenOptions): Rotator<ServiceTokenSecret, Slot>;
export function serviceToken(options: ServiceTokenOptions = {}): Rotator<ServiceTokenSecret, Slot> {
  if (!isOfKeyPairs(options)) return rotatorOf(randomTokens(), options);
  const { kind, modulusLength = 2048 } = options;
  if (!Number.isInteger(modulusLength) || modulusLength < 2048 || modulusLength > 8192) {
    throw new TypeError('modulusLength must be a whole number of bits from 2048 to 8192');
  }
  return rotatorOf(keyPairs(kind, modulusLength), options);
}

function isOfKeyPairs(options: ServiceTokenOptions): options is KeyPairOptions {
  const { kind = 'random' } = options;
  if (kind === 'random' || kind === 'Ed25519' || kind === 'RSA') return kind !== 'random';
  throw new TypeError('kind must be random, Ed25519 or RSA');
}

function rotatorOf<Accepted, Credential>(
  kind: Kind<Accepted, Credential>,
  calls: ServiceCalls<Accepted, Credential>,
): Rotator<ServiceTokenSecret, Slot> {
  return {
    name: 'service-token',
    rotates: SLOTS,
    shows: [],
    // `install` and `probe` may throw errors with any text.
    ownWords: !calls.install && !calls.probe,
    rejectionHint:
      'a service that reads the secret may not have read it since the last rotation, when this token became "next". A secret ' +
      'without "current" has no token before its first rotation',
    parse: parseSecret,
    createSecret,
    setSecret,
    testSecret,
    // Checked again: the label may have moved since setSecret.
    finishSecret: ({ pending, current }, context) => assertNextStep(pending, current, context),
  };

  async function createSecret(
    secret: ServiceTokenSecret,
    { warn }: StepContext,
  ): Promise<Required<ServiceTokenSecret>> {
    assertUsable('AWSCURRENT', secret);
    const { current, next } = secret;
    const made = await kind.make();
    // Nobody uses a token yet.
    if (current === undefined) return { previous: made, current: made, next: await kind.make() };
    if (next !== undefined) return { previous: current, current: next, next: made };
    // Services know only `current`, so clients must keep it until services have read another one.
    warn('"next" was missing, so this rotation makes it. "current" stays as it is until the next rotation');
    return { previous: secret.previous ?? current, current, next: made };
  }

  async function setSecret(
    { pending, current }: Versions<ServiceTokenSecret>,
    context: StepContext,
  ): Promise<void> {
    assertNextStep(pending, current, context);
    if (!calls.install) return;
    assertUsable('AWSCURRENT', current);
    assertUsable('AWSPENDING', pending);
    // AWSCURRENT's values as well: until the label moves, a late client still sends its `previous`.
    const accepted = kind.accepted(valuesOf(current, pending));
    const call = await calls.install(accepted, context);
    // After a later rotation this call would make the service refuse newer tokens.
    if ((await context.confirm()) === 'pending') await install(call, context);
  }

  async function testSecret(pending: ServiceTokenSecret, context: StepContext): Promise<Verdict> {
    const { current } = pending;
    if (current === undefined || !kind.works(pending)) return 'rejected';
    if (!calls.probe) return 'accepted';
    const verdict = await ask(await calls.probe(kind.credential(current, context), context), context);
    if (verdict === 'rejected') return 'rejected';
    const impostor = await ask(await calls.probe(kind.impostor(current), context), context);
    if (impostor === 'accepted') throw unproven();
    return 'accepted';
  }

  function assertUsable(label: string, secret: ServiceTokenSecret): void {
    for (const slot of SLOTS) {
      const value = secret[slot];
      if (value === undefined || kind.isUsable(value)) continue;
      throw new RotationError('ERR_SECRET_MALFORMED', `"${slot}" of ${label} is not ${kind.noun}`, {
        hint: 'create another secret for another kind: a secret never changes its kind, since services must know it',
      });
    }
  }
}
