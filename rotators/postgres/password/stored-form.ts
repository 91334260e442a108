import { RotationError, type StepContext } from '../../../src/index.js';
import { placeName } from '../../databases/secret.js';
import type { LoginOptions } from '../../databases/session.js';
import type { Step, Witness } from '../facts.js';
import { look } from '../look.js';
import type { PostgresSecret } from '../secret.js';
import { MAX_ITERATIONS, type PasswordForm, type Session } from '../session.js';
import { clientFor } from '../wire/client.js';
import { dial } from '../wire/dial.js';
import { md5Verifier, scramVerifier } from './verifier.js';

/** What is known of the password that the server holds now, for the user that is to get another. */
export interface StoredForm {
  readonly form: PasswordForm | undefined;
  /** Of SCRAM, if it is known. */
  readonly iterations?: number | undefined;
}

export const UNKNOWN_FORM: StoredForm = { form: undefined };

/**
 * In which form the server holds the password of a role that has not logged in: as it asks for it.
 *
 * @param session anybody's who may read pg_roles
 * @returns `undefined` if there is no such role
 */
export async function storedFormOf(
  user: PostgresSecret,
  session: Session,
  { connections, context }: Step,
): Promise<StoredForm | undefined> {
  const [role] = await look(
    session,
    'SELECT rolvaliduntil OPERATOR(pg_catalog.<) pg_catalog.now() AS is_expired FROM pg_catalog.pg_roles ' +
      `WHERE rolname OPERATOR(pg_catalog.=) ${session.escapeLiteral(user.username)}`,
  );
  if (!role) return undefined;
  // When VALID UNTIL has passed, the server asks by password_encryption, whatever it holds.
  return {
    form:
      role.is_expired === true ? undefined : await formAskedOf(user, connections.loginOptions(user, context)),
  };
}

/**
 * Asks how the server would have a user prove the password, and hangs up instead of sending one: the server counts no
 * failed login. `undefined` if it did not say.
 */
async function formAskedOf(
  secret: Omit<PostgresSecret, 'password'>,
  options: LoginOptions,
): Promise<PasswordForm | undefined> {
  const hangUp = () => Promise.reject(new Error('hangs up'));
  const unconnected = await clientFor(secret, options, () => dial(options), hangUp).catch(() => undefined);
  if (!unconnected) return undefined;
  const { client, socket, asked } = unconnected;
  client.on('error', () => {});
  await client.connect().catch(() => {});
  socket.destroy();
  const [form] = asked;
  return form;
}

/**
 * What is sent in place of a password: never a weaker form than what the server holds. Where pg_hba.conf wants SCRAM, an
 * MD5 verifier locks the user out; so it is sent only if the server asks for MD5 of this very user.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the server wants more iterations than can be computed in time, or none
 */
export async function verifierFor(
  { username, password }: Pick<PostgresSecret, 'username' | 'password'>,
  { session: { target }, facts }: Witness,
  stored: StoredForm,
  context: StepContext,
): Promise<string> {
  if (!(Number.isInteger(facts.iterations) && facts.iterations >= 1 && facts.iterations <= MAX_ITERATIONS)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `${placeName(target)} asks for ${facts.iterations} iterations`,
      { hint: `set scram_iterations of the role or the server to at most ${MAX_ITERATIONS}` },
    );
  }
  if (facts.isMd5 && stored.form === 'md5') {
    context.warn(
      `${placeName(target)} stores passwords as MD5 (password_encryption), which whoever reads it can log in with, and ` +
        `which is sent in SQL; change it to scram-sha-256 once all clients know SCRAM`,
    );
    return md5Verifier(password, username);
  }
  if (facts.isMd5 && stored.form !== 'scram') {
    context.warn(
      `${placeName(target)} stores new passwords as MD5 (password_encryption), and does not show whether that of ` +
        `"${username}" is MD5 or SCRAM. It is SCRAM from now on, so that no line of pg_hba.conf refuses it`,
    );
  }
  return scramVerifier(password, Math.max(facts.iterations, stored.iterations || 0));
}
