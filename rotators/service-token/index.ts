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

export type ServiceTokenOptions = RandomTokenOptions | KeyPairOptions;

export interface RandomTokenOptions extends ServiceCalls<readonly string[], string> {
  /** @default 'random' */
  readonly kind?: 'random';
}

export interface KeyPairOptions extends ServiceCalls<Jwks, Sign> {
  readonly kind: 'Ed25519' | 'RSA';
  /** Of RSA: 2048 bits at least. @default 2048 */
  readonly modulusLength?: number;
}

interface ServiceCalls<Accepted, Credential> {
  /**
   * The request that makes the service accept these and no others: all that AWSCURRENT and AWSPENDING hold. It is sent
   * in setSecret, any number of times.
   *
   * @default none: the service reads the secret
   */
  readonly install?: (accepted: Accepted, context: StepContext) => Awaitable<ServiceCall>;
  /**
   * A request that a client could make, with its credential. testSecret sends it twice: with `current`, and with what
   * the service must refuse.
   *
   * @default none: testSecret tries the values on each other
   */
  readonly probe?: (credential: Credential, context: StepContext) => Awaitable<ProbeCall>;
}

/**
 * Rotates a token of your own, which your own services check: random, or signed with a key of the secret. A rotation
 * moves `next` to `current`, `current` to `previous`, and makes a new `next`; clients send `current`, services accept
 * all three. So neither is refused for having read the secret one rotation late, and no clock has a part in it.
 *
 * @throws TypeError for an option that cannot be
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
    // What is called for a request may throw what it likes.
    ownWords: !calls.install && !calls.probe,
    rejectionHint:
      'a service that reads the secret may not have done so since the last rotation: it knows this token by then, as ' +
      '"next"; a secret without "current" has no token before its first rotation',
    parse: parseSecret,
    createSecret,
    setSecret,
    testSecret,
    // Again: the label may have moved since setSecret.
    finishSecret: ({ pending, current }, context) => assertNextStep(pending, current, context),
  };

  async function createSecret(
    secret: ServiceTokenSecret,
    { warn }: StepContext,
  ): Promise<Required<ServiceTokenSecret>> {
    assertUsable('AWSCURRENT', secret);
    const { current, next } = secret;
    const made = await kind.make();
    // Nobody can be using one yet.
    if (current === undefined) return { previous: made, current: made, next: await kind.make() };
    if (next !== undefined) return { previous: current, current: next, next: made };
    // Services know `current` alone, and clients must not leave it before they have read of another.
    warn('"next" was missing, and is made now; "current" stays as it is until the next rotation');
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
    // AWSCURRENT's as well: until it moves, a client that is late still sends its `previous`.
    const accepted = kind.accepted(valuesOf(current, pending));
    const call = await calls.install(accepted, context);
    // After a later rotation the service would refuse what that has made.
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
        hint: 'a secret keeps its kind, of which services must know: make another secret for another kind',
      });
    }
  }
}
