import { type PasswordPolicy, passwordPolicyFrom, RotationError, type Rotator } from '../../../src/index.js';
import { connectionsOf, type DatabaseOptions } from '../connections.js';
import { type DatabaseSecret, optionalField } from '../secret.js';
import type { DatabaseSession } from '../session.js';
import type { EngineInRds, Identifiers, PasswordLengths } from './engine-in-rds.js';

/** Options of a rotator for a master user of RDS. */
export interface MasterUserOptions<Secret extends DatabaseSecret> extends DatabaseOptions<Secret> {
  /** Pause between two questions to RDS whether the change is done, in milliseconds, 1 to 60000. @default 5000 */
  readonly pollMs?: number;
  /**
   * Whether a cluster's rotation may apply the changes that wait for its maintenance window: RDS applies them together with
   * the password. If not, such a rotation fails and names the changes.
   *
   * @default false
   */
  readonly appliesPending?: boolean;
}

/** Characters that RDS refuses in a master user's password. */
const EXCLUDED = '/@" ';

/**
 * Returns a rotator that lets RDS change the password of a DB instance's or cluster's master user. Logins only check which
 * password works; no session changes anything.
 *
 * AWSCURRENT opens no new session from the moment that RDS applies the password, in setSecret, until finishSecret.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS takes no password that meets the policy
 * @throws TypeError if any other option is invalid
 */
export function masterUser<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  engine: EngineInRds<Secret, Session>,
  options: MasterUserOptions<Secret> = {},
): Rotator<Secret & Identifiers, 'password'> {
  const { pollMs = 5000, appliesPending = false } = options;
  const password = narrowed(options.password ?? passwordPolicyFrom(process.env), engine.passwords);
  const { makePassword, tryIn, tryOut } = connectionsOf({ ...options, password }, engine.logins);
  if (!Number.isInteger(pollMs) || pollMs < 1 || pollMs > 60_000) {
    throw new TypeError('pollMs must be a whole number of milliseconds, from 1 to 60000');
  }
  return {
    name: engine.name,
    rotates: ['password'],
    shows: [...engine.shows, 'dbInstanceIdentifier', 'dbClusterIdentifier'],
    ownWords: true,
    rejectionHint: engine.rejectionHint,
    parse: (json) => ({
      ...engine.parse(json),
      ...optionalField(json, 'dbInstanceIdentifier'),
      ...optionalField(json, 'dbClusterIdentifier'),
    }),
    // The type of a secret may narrow `password` no further than to a string.
    createSecret: () => ({ password: makePassword() }) as Pick<Secret & Identifiers, 'password'>,
    async setSecret(versions, context) {
      const { setMasterPassword } = await import('./set-master-password.js');
      await setMasterPassword(versions, { engine, tryIn, pollMs, appliesPending }, context);
    },
    testSecret: tryOut,
  };
}

/** Returns the policy without the characters that RDS refuses. */
function narrowed(policy: PasswordPolicy, { least, most }: PasswordLengths): PasswordPolicy {
  const { length = 32, exclude = '' } = policy;
  if (length >= least && length <= most) return { ...policy, exclude: `${exclude}${EXCLUDED}` };
  throw new RotationError(
    'ERR_PASSWORD_POLICY',
    `RDS takes passwords of ${least} to ${most} characters, not of ${length}`,
    {
      hint: 'change the policy, or the environment variable PASSWORD_LENGTH',
    },
  );
}
