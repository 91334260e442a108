import {
  checkedLifetimeDays,
  issuedKey,
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

export interface EntraOptions {
  /** A national cloud, or the origins of its services. @default 'global' */
  readonly cloud?: EntraCloudName | EntraCloud;
  /**
   * In how many days a new password expires, 1 to 3650, and no more than the tenant's policy allows. Twice the days between
   * rotations at least, better three times: AWSPREVIOUS is in use too.
   *
   * @default what Entra gives, two years
   */
  readonly lifetimeDays?: number | undefined;
  /** For how long a new password may still be rejected, in milliseconds. @default 120000 */
  readonly propagationMs?: number;
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
  const { propagationMs = PROPAGATION_MS, maxKeys = 'until-full' } = options;
  const lifetimeDays = checkedLifetimeDays(options.lifetimeDays, lifetime);
  const cloud = cloudOf(options.cloud ?? 'global');
  return issuedKey<EntraSecret, 'clientSecret' | 'keyId'>({
    name: 'entra',
    rotates: ['clientSecret', 'keyId'],
    shows: ['tenantId', 'clientId', 'masterarn'],
    rejectionHint:
      'the password was removed or has expired, or Entra has not told all of its servers of it yet',
    parse: parseSecret,
    id: 'keyId',
    propagationMs,
    maxKeys,
    issuesWithItsOwnKey: ({ masterarn }) => masterarn === undefined,
    deadKey: (current) => dead(current, DEAD),
    lifetimeOption: LIFETIME_OPTION,
    issue: async (displayName, current, context) =>
      addPassword(await accessTo(current, context), {
        displayName,
        ...(lifetimeDays !== undefined && {
          endDateTime: new Date(Date.now() + lifetimeDays * DAY_MS).toISOString(),
        }),
      }),
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

function dead({ clientId }: { readonly clientId: string }, hint: string): RotationError {
  const message = `Entra refused the password of the application ${clientId}`;
  return new RotationError('ERR_CREDENTIAL_REJECTED', message, { hint });
}
