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

export interface EntraOptions extends KeyTimes {
  /** A national cloud, or the origins of its services. @default 'global' */
  readonly cloud?: EntraCloudName | EntraCloud;
  /**
   * In how many days a new password expires, 1 to 3650, and no more than the tenant's policy allows. Twice the days between
   * rotations at least, better three times: AWSPREVIOUS is in use too.
   *
   * @default as long as the password in use was made to live
   */
  readonly lifetimeDays?: number | undefined;
  /** For how long a new password may still be rejected, in milliseconds. @default 120000 */
  readonly propagationMs?: number | undefined;
  /**
   * How many passwords an application may have, if AWSPREVIOUS's is to end before there are more. Applications for personal
   * Microsoft accounts have two at most: https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation
   *
   * @default 'until-full': AWSPREVIOUS's ends when Graph says that there are too many
   */
  readonly maxKeys?: number | 'until-full';
}

/** Not documented; up to 18 seconds were seen by others, and two minutes are waited for in Microsoft's own tests. */
const PROPAGATION_MS = 120_000;
const DAY_MS = 86_400_000;

const DEAD = 'nothing was changed: a password is added only for an application whose secret holds a live one';

/**
 * Rotates the passwords (client secrets) of applications in Microsoft Entra ID. An application changes its own, or, if the
 * secret has a `masterarn`, the application of that secret does. AWSCURRENT and AWSPREVIOUS both work.
 *
 * @throws TypeError for an option that cannot be
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
    rejectionHint:
      'the password was removed or has expired, or Entra has not told all of its servers of it yet',
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
      throw dead(caller, 'add one in the portal, store it with its id, then rotate again');
    return { clientId: secret.clientId, token, origin: cloud.graph, context };
  }
}

/** How long the password in use was made to live: the next one must not live for longer, unless an option says so. */
async function lifetimeOf({ keyId, clientId }: EntraSecret, access: Access): Promise<number | undefined> {
  const inUse = (await listPasswords(access)).find(({ id }) => id === keyId);
  // Without a beginning, what is left of it.
  const lifetimeMs =
    inUse?.expiresAt && inUse.expiresAt.getTime() - (inUse.createdAt.getTime() || Date.now());
  if (lifetimeMs !== undefined && !(lifetimeMs > 0)) {
    throw new RotationError('ERR_SERVICE_FAILED', `the end of the password ${keyId} cannot be read`, {
      hint: 'nothing was changed: Graph would let the next one live for two years. Set how long it is to live: lifetimeDays',
    });
  }
  if (inUse) return lifetimeMs;
  throw new RotationError(
    'ERR_SECRET_MALFORMED',
    `"keyId" is the id of no password of the application ${clientId}`,
    {
      hint: 'nothing was changed: store the id that belongs to the password, with PutSecretValue, then rotate again',
    },
  );
}

function dead({ clientId }: { readonly clientId: string }, hint: string): RotationError {
  const message = `Entra refused the password of the application ${clientId}`;
  return new RotationError('ERR_CREDENTIAL_REJECTED', message, { hint });
}
