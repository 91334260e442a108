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

/** What is known about the form of the password that the server holds now. */
export interface StoredForm {
  readonly form: PasswordForm | undefined;
  /** Iterations of SCRAM, if known. */
  readonly iterations?: number | undefined;
}

export const UNKNOWN_FORM: StoredForm = { form: undefined };

/**
 * Finds the form in which the server holds the password of a role that has not logged in, by how it asks for it.
 *
 * @param session any session that may read pg_roles
 * @returns `undefined` if the role does not exist
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
  // After VALID UNTIL the server asks in the form of password_encryption, whatever it holds.
  return {
    form:
      role.is_expired === true ? undefined : await formAskedOf(user, connections.loginOptions(user, context)),
  };
}

/**
 * Lets the server ask for a user's password, and hangs up without sending one: the server counts no failed login. Returns
 * `undefined` if the server did not ask.
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
 * Returns the text that is sent in place of a password. It is never weaker than the form that the server holds. Where pg_hba.conf
 * wants SCRAM, an MD5 hash locks the user out. So MD5 is sent only if the server asks this very user for MD5.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the server wants more than {@link MAX_ITERATIONS} iterations, or none
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
      `${placeName(target)} asks for ${facts.iterations} SCRAM iterations`,
      { hint: `set scram_iterations of the role or the server to at most ${MAX_ITERATIONS}` },
    );
  }
  if (facts.isMd5 && stored.form === 'md5') {
    context.warn(
      `${placeName(target)} stores passwords as MD5 (password_encryption). ` +
        'Anyone who reads such a hash can log in with it, and SQL carries it. Change password_encryption to scram-sha-256 once all clients support SCRAM',
    );
    return md5Verifier(password, username);
  }
  if (facts.isMd5 && stored.form !== 'scram') {
    context.warn(
      `${placeName(target)} stores new passwords as MD5 (password_encryption), but does not show whether "${username}" has MD5 ` +
        'or SCRAM. The new password is stored as SCRAM, so that no line of pg_hba.conf refuses it',
    );
  }
  return scramVerifier(password, Math.max(facts.iterations, stored.iterations || 0));
}
