import { passwordSource, type Rehearsal, type StartRehearsal } from '../../src/index.js';
import { inSession, parsed, rehearsalOf } from '../databases/rehearsal/on-server.js';
import { startServer } from './embedded-server.js';
import { engine } from './engine.js';
import { postgres } from './index.js';
import { scramVerifier } from './password/verifier.js';

const common = rehearsalOf(engine, postgres());

/** Rehearses on an embedded PostgreSQL, or on the server that a secret names. */
export const startRehearsal: StartRehearsal = async ({ secretString }) =>
  secretString === undefined ? onEmbeddedServer() : onOwnServer(secretString);

async function onEmbeddedServer(): Promise<Rehearsal> {
  const { title, app, stop } = await startForRehearsal();
  return { ...common, title: `${title}, user "app"`, secretString: JSON.stringify(app), stop };
}

/** Starts a PostgreSQL with a user "app". */
export async function startForRehearsal() {
  const server = await startServer({ from: import.meta.url });
  try {
    const { host, port, username, password, stop } = server;
    const admin = { engine: 'postgres', host, port, username, password, dbname: 'postgres', ssl: false };
    const app = { ...admin, username: 'app', password: passwordSource()() };
    const version = await inSession(admin, engine.server, async (session) => {
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
  const { host, port, username } = parsed(engine, secretString);
  return {
    ...common,
    title: `PostgreSQL on ${host}:${port}, user "${username}"`,
    secretString,
    stop: async () => {},
  };
}
