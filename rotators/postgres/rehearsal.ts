import {
  isRotationError,
  jsonObject,
  passwordSource,
  type Rehearsal,
  RotationError,
  rotationHandler,
  type StartRehearsal,
  type StepContext,
} from '../../src/index.js';
import { startServer } from './embedded-server.js';
import { postgres } from './index.js';
import { scramVerifier } from './password/verifier.js';
import { type PostgresSecret, parseSecret } from './secret.js';
import { login, type Session } from './session.js';

const rotator = postgres();

/** Rehearses on a PostgreSQL of its own, or on the one that a secret names. */
export const startRehearsal: StartRehearsal = async ({ secretString }) =>
  secretString === undefined ? onEmbeddedServer() : onOwnServer(secretString);

async function onEmbeddedServer(): Promise<Rehearsal> {
  const { title, app, stop } = await startForRehearsal();
  return { ...common, title: `${title}, user "app"`, secretString: JSON.stringify(app), stop };
}

/** A PostgreSQL with a user "app". */
export async function startForRehearsal() {
  const server = await startServer({ from: import.meta.url });
  try {
    const { host, port, username, password, stop } = server;
    const admin = { engine: 'postgres', host, port, username, password, dbname: 'postgres', ssl: false };
    const app = { ...admin, username: 'app', password: passwordSource()() };
    const version = await withSession(admin, async (session) => {
      const verifier = await scramVerifier(app.password, 4096);
      await session.query(`CREATE ROLE app LOGIN PASSWORD ${session.escapeLiteral(verifier)}`);
      const [row] = await session.query('SHOW server_version');
      return String(row?.server_version);
    });
    return {
      title: `PostgreSQL ${version}, started for this rehearsal on ${host}:${port}`,
      admin,
      app,
      stop,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function onOwnServer(secretString: string): Promise<Rehearsal> {
  const { host, port, username } = read(secretString);
  return {
    ...common,
    title: `PostgreSQL on ${host}:${port}, user "${username}"`,
    secretString,
    stop: async () => {},
  };
}

const common: Pick<Rehearsal, 'rotator' | 'handler' | 'accepts' | 'restore'> = {
  rotator,
  handler: (options) => rotationHandler(rotator, options),

  accepts,

  async restore(first, others) {
    const pending = read(first);
    const newestFirst = [...others].reverse().map(read);
    let refusal: unknown;
    for (const current of [pending, ...newestFirst]) {
      try {
        return await rotator.setSecret(
          { pending, current, previous: async () => undefined, abandoned: async () => [] },
          context(),
        );
      } catch (error) {
        if (!(error instanceof RotationError && error.code === 'ERR_CREDENTIAL_REJECTED')) throw error;
        refusal = error;
      }
    }
    throw refusal;
  },
};

/** Whether the server takes the value of a secret. */
export async function accepts(secretString: string): Promise<boolean> {
  const session = await open(read(secretString));
  if (session === 'rejected') return false;
  await session.end();
  return true;
}

function read(secretString: string): PostgresSecret {
  const json = jsonObject(secretString);
  if (!json) throw new Error('the secret is not a JSON object');
  return parseSecret(json);
}

async function open(secret: PostgresSecret): Promise<Session | 'rejected'> {
  const options = { ca: undefined, timeoutMs: 10_000, signal: AbortSignal.timeout(20_000) };
  const found = await login(secret, options);
  if (isRotationError(found)) throw found;
  return found;
}

async function withSession<T>(secret: PostgresSecret, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await open(secret);
  if (session === 'rejected') throw new Error(`the server refuses "${secret.username}"`);
  return work(session).finally(() => session.end());
}

/** What a step is given, for a call outside a rotation. */
function context(): StepContext {
  return {
    secretId: 'rehearsal',
    token: 'restore',
    signal: AbortSignal.timeout(30_000),
    leftMs: 30_000,
    confirm: async () => 'pending',
    readSecret: () => Promise.reject(new Error('a rehearsal reads no other secret')),
    describeSecret: () => Promise.reject(new Error('a rehearsal reads no other secret')),
    hide: () => {},
    warn: () => {},
  };
}
