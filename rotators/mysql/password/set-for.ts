import { isRotationError, quoted, RotationError } from '../../../src/index.js';
import type { Ending, Wanted } from '../../databases/engine.js';
import { assertChangeable, assertDirect, type Session, type Step, type Witness } from '../account.js';
import type { ServerOptions } from '../options.js';
import type { MysqlSecret } from '../secret.js';
import { accountName } from '../sql.js';
import { declare } from './declare.js';
import { underLock } from './fence.js';
import { targetsOf } from './targets.js';

/** Sets the passwords of another user's accounts as an administrator. Sends only hashes. */
export async function setFor(
  administrator: Witness,
  { pending, current, user }: Wanted<MysqlSecret> & { readonly user: Witness | undefined },
  step: Step,
  { hosts, statements }: ServerOptions,
): Promise<Ending> {
  const { connections, context } = step;
  if (user) assertDirect(user, connections);
  assertChangeable(administrator, connections);
  const { session } = administrator;
  const { username } = pending;
  const own = Object.hasOwn(hosts, username) ? hosts[username] : undefined;
  const change = { pending, current, user, hosts: own };
  const targets = await targetsOf(change, administrator, step);
  const doing = `change the password of "${username}"`;
  try {
    const ending = await underLock(session, { username, doing }, context, () =>
      declare(session, targets, statements),
    );
    if (ending === 'changed' && current) context.warn(KEPT, 'oldPasswordKept');
    return ending;
  } catch (error) {
    throw isRotationError(error) && error.code === 'ERR_RIGHTS_MISSING' ? withGrant(error, session) : error;
  }
}

/** Warning about the old password: AWSCURRENT's now, AWSPREVIOUS's after the promotion. */
export const KEPT =
  'the server takes two passwords: AWSCURRENT’s present one keeps working as AWSPREVIOUS’s, until the next rotation’s setSecret';

function withGrant(error: RotationError, { account }: Session): RotationError {
  const grant = `GRANT CREATE USER ON *.* TO ${quoted(accountName(account))}`;
  return new RotationError(error.code, error.message, { hint: `${error.hint}. Run: ${grant}` });
}
