import { setTimeout as sleep } from 'node:timers/promises';
import {
  type PasswordPolicy,
  passwordPolicyFrom,
  passwordSource,
  RotationError,
  type Rotator,
  type StepContext,
  type Versions,
} from '../../src/index.js';
import { codeOf, toFailure } from './failures.js';
import { type PostgresSecret, parseSecret, SHOWS } from './secret.js';
import { type Endpoint, login, MAX_ITERATIONS, type Session } from './session.js';
import { md5Verifier, scramVerifier } from './verifier.js';

export type { PostgresSecret } from './secret.js';
export type { Endpoint } from './session.js';

export interface PostgresOptions {
  /** @default 32 characters that need no quoting, narrowed by the variables of AWS's functions (EXCLUDE_CHARACTERS …) */
  readonly password?: PasswordPolicy;
  /** Certificate authorities, PEM. @default Node's, and those of RDS in Lambda */
  readonly ca?: string | readonly string[];
  /**
   * Where to connect for a secret, if its host is not the one to change the password at, or cannot be reached from here
   * by that name: it names a proxy, a reader, or another name of the server.
   */
  readonly connectTo?: (secret: Omit<PostgresSecret, 'password'>) => Endpoint;
  /** How long a login, or a statement, may take, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
}

const EXPIRED =
  'a role that does not exist, has no password, or whose VALID UNTIL has passed is refused like one with a wrong password';

/**
 * Rotates a user's own password: the user logs in and changes it. What is sent is a SCRAM-SHA-256 verifier, never the
 * password, so that no log of the server can hold it.
 *
 * Between setSecret and finishSecret AWSCURRENT cannot open new sessions; open ones stay.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function postgres(options: PostgresOptions = {}): Rotator<PostgresSecret, 'password'> {
  const makePassword = passwordSource(options.password ?? passwordPolicyFrom(process.env));
  const { ca, connectTo = () => ({}), timeoutMs = 10_000 } = options;
  if (ca !== undefined && ![ca].flat().every((pem) => pem.includes('-----BEGIN CERTIFICATE-----'))) {
    throw new TypeError('ca must be certificates in PEM, not the paths of files');
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 900_000) {
    throw new TypeError('timeoutMs must be a whole number of milliseconds, from 1 to 900000');
  }
  const logIn = (secret: PostgresSecret, signal: AbortSignal) => {
    const { password: _, ...rest } = secret;
    return login(secret, { ca, endpoint: connectTo(rest), timeoutMs, signal });
  };

  return {
    name: 'postgres',
    rotates: ['password'],
    shows: SHOWS,
    rejectionHint: EXPIRED,
    parse: parseSecret,
    createSecret: () => ({ password: makePassword() }),
    setSecret,
    testSecret,
  };

  async function setSecret(versions: Versions<PostgresSecret>, context: StepContext): Promise<void> {
    const { session, isCurrent } = await logInWithAny(versions, context.signal);
    try {
      await changePassword(session, versions.pending, timeoutMs, context);
    } catch (error) {
      if (!(error instanceof RotationError && error.code === 'ERR_VALUE_REFUSED' && isCurrent)) throw error;
      throw new RotationError(error.code, error.message, { hint: `${error.hint}. ${dropPending(context)}` });
    } finally {
      await session.end();
    }
  }

  async function testSecret(
    pending: PostgresSecret,
    { signal }: StepContext,
  ): Promise<'accepted' | 'rejected'> {
    const session = await logIn(pending, signal);
    if (session === 'rejected') return 'rejected';
    try {
      await session.query('SELECT 1');
      return 'accepted';
    } catch (error) {
      throw toFailure(error, 'run SELECT 1', pending);
    } finally {
      await session.end();
    }
  }

  /** AWSCURRENT first: on the normal path that is one login and no refused one, which a server might count. */
  async function logInWithAny(
    { pending, current, previous }: Versions<PostgresSecret>,
    signal: AbortSignal,
  ): Promise<{ readonly session: Session; readonly isCurrent: boolean }> {
    const byCurrent = await logIn(current, signal);
    if (byCurrent !== 'rejected') return { session: byCurrent, isCurrent: true };
    // An earlier attempt got this far. The password is set again in any case: the hash may be of another kind.
    const byPending = await logIn(pending, signal);
    if (byPending !== 'rejected') return { session: byPending, isCurrent: false };
    const old = await previous();
    // It may name another user or host, and AWSPENDING's are the only ones that have been checked.
    if (old && old.username === pending.username && old.host === pending.host) {
      const byPrevious = await logIn({ ...pending, password: old.password }, signal);
      if (byPrevious !== 'rejected') return { session: byPrevious, isCurrent: false };
    }
    throw new RotationError(
      'ERR_CREDENTIAL_REJECTED',
      `${pending.host}:${pending.port} refused every password of "${pending.username}" in the versions of the secret`,
      {
        hint:
          `the password was changed elsewhere: store the one that works with PutSecretValue, or set AWSCURRENT’s as ` +
          `an administrator, then rotate again; ${EXPIRED}`,
      },
    );
  }
}

interface ServerFacts {
  readonly version: number;
  readonly isReadOnly: boolean;
  readonly isMd5: boolean;
  readonly iterations: number;
}

/** Changes the password of the session's own user. */
async function changePassword(
  session: Session,
  pending: PostgresSecret,
  timeoutMs: number,
  context: StepContext,
): Promise<void> {
  const { username, password, host, port } = pending;
  const facts = await serverFacts(session, pending);
  if (!(facts.version >= 100_000)) {
    throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${host}:${port} is older than PostgreSQL 10`, {
      hint: 'it would store a SCRAM verifier as if it were the password; upgrade the server',
    });
  }
  if (facts.isReadOnly) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${host}:${port} is a standby, which takes no changes`, {
      hint: 'name the writer’s endpoint as "host", not a reader’s',
    });
  }
  if (!(facts.iterations <= MAX_ITERATIONS)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `${host}:${port} asks for ${facts.iterations} iterations`,
      {
        hint: `set scram_iterations of the role or the server to at most ${MAX_ITERATIONS}`,
      },
    );
  }
  // Whoever has logged in by SCRAM can be stored as SCRAM; where pg_hba.conf wants it, MD5 would lock the user out.
  const isMd5 = facts.isMd5 && !session.isScram;
  if (isMd5) {
    context.warn(
      `${host}:${port} stores passwords as MD5 (password_encryption), which whoever reads it can log in with, and ` +
        `which is sent in SQL; change it to scram-sha-256 once all clients know SCRAM`,
    );
  }
  const verifier = isMd5 ? md5Verifier(password, username) : await scramVerifier(password, facts.iterations);
  const sql = `ALTER ROLE ${session.escapeIdentifier(username)} PASSWORD ${session.escapeLiteral(verifier)}`;
  for (let attempt = 1; ; attempt++) {
    try {
      // Read-write by name: a role, or its database, may be read-only by default.
      await session.query('BEGIN READ WRITE');
      // As the user itself: the session may act as another role by `ALTER ROLE … SET role`.
      await session.query('SET LOCAL ROLE NONE');
      // The server gives up before we do, and leaves nothing that waits.
      const waitMs = Math.min(timeoutMs, context.leftMs) * 0.8;
      await session.query(`SET LOCAL lock_timeout = ${Math.max(1, Math.floor(waitMs))}`);
      await session.query(sql);
      await session.query('COMMIT');
      return;
    } catch (error) {
      // XX000, "tuple concurrently updated": another attempt at this very change was faster.
      if (codeOf(error) !== 'XX000' || attempt === 20) throw toFailure(error, 'change the password', pending);
      await session.query('ROLLBACK').catch(() => {}); // If the session is broken, the next BEGIN says so.
      await sleep(Math.random() * 25 * attempt, undefined, { signal: context.signal });
    }
  }
}

async function serverFacts(session: Session, target: PostgresSecret): Promise<ServerFacts> {
  try {
    // Qualified: the user's search_path may lead elsewhere.
    const rows = await session.query(
      'SELECT name, setting, pg_catalog.pg_is_in_recovery() AS standby FROM pg_catalog.pg_settings ' +
        "WHERE name IN ('server_version_num', 'password_encryption', 'scram_iterations')",
    );
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    return {
      version: Number(settings.get('server_version_num')),
      isReadOnly: rows.some(({ standby }) => standby === true),
      isMd5: settings.get('password_encryption') !== 'scram-sha-256',
      iterations: Number(settings.get('scram_iterations') ?? 4096),
    };
  } catch (error) {
    throw toFailure(error, 'change the password', target);
  }
}

function dropPending({ secretId, token }: StepContext): string {
  return (
    'Nothing was changed on the server, so this drops the refused password, and the next rotation makes another: ' +
    `aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING ` +
    `--remove-from-version-id ${token}`
  );
}
