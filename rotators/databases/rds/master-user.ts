import { type PasswordPolicy, passwordPolicyFrom, RotationError, type Rotator } from '../../../src/index.js';
import { connectionsOf, type DatabaseOptions } from '../connections.js';
import { type DatabaseSecret, optionalField } from '../secret.js';
import type { DatabaseSession } from '../session.js';
import type { EngineInRds, Identifiers, PasswordLengths } from './engine-in-rds.js';

/** What a rotator for a master user of RDS can be told. */
export interface MasterUserOptions<Secret extends DatabaseSecret> extends DatabaseOptions<Secret> {
  /** How often to ask RDS whether it is done, in milliseconds. @default 5000 */
  readonly pollMs?: number;
  /**
   * Whether the rotation of a cluster may apply what waits for its maintenance window: RDS does so with the password. Else
   * such a rotation fails, and names what waits.
   *
   * @default false
   */
  readonly appliesPending?: boolean;
}

/** Characters that RDS takes in no master user's password. */
const EXCLUDED = '/@" ';

/**
 * Returns the rotator that has RDS change the password of a master user of a DB instance or cluster: no session with the
 * database changes anything, logins only tell which password it takes.
 *
 * From the moment that RDS applies the password, in setSecret, until finishSecret, AWSCURRENT cannot open new sessions.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS would take no password that meets the policy
 * @throws TypeError for another option that cannot be
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
    // A secret may say no more of its password than that it is a string.
    createSecret: () => ({ password: makePassword() }) as Pick<Secret & Identifiers, 'password'>,
    async setSecret(versions, context) {
      const { setMasterPassword } = await import('./set-master-password.js');
      await setMasterPassword(versions, { engine, tryIn, pollMs, appliesPending }, context);
    },
    testSecret: tryOut,
  };
}

/** What RDS takes as the password of a master user. */
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
