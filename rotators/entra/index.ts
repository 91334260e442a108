import {
  checkedLifetimeDays,
  issuedKey,
  type KeyTimes,
  LIFETIME_OPTION,
  RotationError,
  type Rotator,
  type StepContext,
  type Verdict,
} from '../../src/index.js';
import { administratorOf } from './administrator.js';
import { cloudOf, type EntraCloud, type EntraCloudName } from './clouds.js';
import { lifetime } from './lifetime.js';
import { type Access, addPassword, listPasswords, removePassword } from './passwords.js';
import { type EntraSecret, parseSecret } from './secret.js';
import { graphToken } from './token.js';

export type { EntraCloud, EntraCloudName } from './clouds.js';
export type { EntraApplication, EntraSecret } from './secret.js';

/** Options of {@link entra}. */
export interface EntraOptions extends KeyTimes {
  /** Cloud of the tenant: its name, or the origins of its services. @default 'global' */
  readonly cloud?: EntraCloudName | EntraCloud;
  /**
   * Lifetime of a new password in days, 1 to 3650, and no more than the tenant's policy allows. Set at least twice the days
   * between rotations, better three times: applications may still use AWSPREVIOUS.
   *
   * @default the lifetime of the password in use
   */
  readonly lifetimeDays?: number | undefined;
  /** Longest time until Entra accepts a new password, in milliseconds. @default 120000 */
  readonly propagationMs?: number | undefined;
  /**
   * Most passwords that an application can have: createSecret removes AWSPREVIOUS's to stay within it. Those for personal
   * Microsoft accounts have two at most: https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation
   *
   * @default 'until-full': createSecret removes AWSPREVIOUS's when Graph says that there are too many
   */
  readonly maxKeys?: number | 'until-full';
}

/** Microsoft documents no limit. Others saw up to 18 seconds; Microsoft's own tests wait for two minutes. */
const PROPAGATION_MS = 120_000;
const DAY_MS = 86_400_000;

const DEAD =
  'nothing was changed. A password is added only while AWSCURRENT’s works: add one in the portal, store it with its id ' +
  '(PutSecretValue), then rotate again';

/**
 * Returns a rotator for the passwords (client secrets) of applications in Microsoft Entra ID. An application changes its own
 * password. If the secret has a `masterarn`, the application of that secret changes it. AWSCURRENT and AWSPREVIOUS both
 * work.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { entra } from 'quarterturn/rotators/entra';
 *
 * export const handler = rotationHandler(entra({ lifetimeDays: 180 }));
 * ```
 *
 * @throws TypeError if an option is invalid
 */
export function entra(options: EntraOptions = {}): Rotator<EntraSecret, 'clientSecret' | 'keyId'> {
  const { propagationMs = PROPAGATION_MS, maxKeys = 'until-full', settleMs, ends } = options;
  const lifetimeDays = checkedLifetimeDays(options.lifetimeDays, lifetime);
  const cloud = cloudOf(options.cloud ?? 'global');
  return issuedKey<EntraSecret, 'clientSecret' | 'keyId'>({
    name: 'entra',
    rotates: ['clientSecret', 'keyId'],
    shows: ['tenantId', 'clientId', 'masterarn'],
    ownWords: true,
    rejectionHint: 'the password was removed or has expired, or not all servers of Entra know it yet',
    parse: parseSecret,
    id: 'keyId',
    propagationMs,
    settleMs,
    ends,
    maxKeys,
    issuesWithItsOwnKey: ({ masterarn }) => masterarn === undefined,
    deadKey: (current) => dead(current, DEAD),
    lifetimeOption: LIFETIME_OPTION,
    async issue(displayName, current, context) {
      const access = await accessTo(current, context);
      const lifetimeMs =
        lifetimeDays === undefined ? await lifetimeOf(current, access) : lifetimeDays * DAY_MS;
      const endDateTime = lifetimeMs && new Date(Date.now() + lifetimeMs).toISOString();
      return addPassword(access, { displayName, ...(endDateTime && { endDateTime }) });
    },
    list: async (secret, context) => listPasswords(await accessTo(secret, context)),
    revoke: async (keyId, secret, context) => removePassword(await accessTo(secret, context), keyId),
    probe,
  });

  async function probe(secret: EntraSecret, context: StepContext): Promise<Verdict> {
    return (await graphToken(secret, cloud, context)) === 'rejected' ? 'rejected' : 'accepted';
  }

  async function accessTo(secret: EntraSecret, context: StepContext): Promise<Access> {
    const caller = secret.masterarn === undefined ? secret : await administratorOf(secret, context);
    const token = await graphToken(caller, cloud, context);
    if (token === 'rejected')
      throw dead(
        caller,
        'add a password in the portal, store it with its id (PutSecretValue), then rotate again',
      );
    return { clientId: secret.clientId, token, origin: cloud.graph, context };
  }
}

/** Returns the lifetime of the password in use, in milliseconds. Without the option, the next one must not live longer. */
async function lifetimeOf({ keyId, clientId }: EntraSecret, access: Access): Promise<number | undefined> {
  const inUse = (await listPasswords(access)).find(({ id }) => id === keyId);
  // Without a start, the remaining time counts.
  const lifetimeMs =
    inUse?.expiresAt && inUse.expiresAt.getTime() - (inUse.createdAt.getTime() || Date.now());
  if (lifetimeMs !== undefined && !(lifetimeMs > 0)) {
    throw new RotationError('ERR_SERVICE_FAILED', `the expiry of the password ${keyId} is not readable`, {
      hint: 'nothing was changed: Graph would let the next password live for two years. Set the option `lifetimeDays`',
    });
  }
  if (inUse) return lifetimeMs;
  throw new RotationError(
    'ERR_SECRET_MALFORMED',
    `the application ${clientId} has no password with the id in "keyId"`,
    {
      hint: 'nothing was changed. Store the id that belongs to the password with PutSecretValue, then rotate again',
    },
  );
}

function dead({ clientId }: { readonly clientId: string }, hint: string): RotationError {
  const message = `Entra refused the password of the application ${clientId}`;
  return new RotationError('ERR_CREDENTIAL_REJECTED', message, { hint });
}
