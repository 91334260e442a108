import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Engine, Wanted } from '../../rotators/databases/engine.js';
import {
  type DatabaseSecret,
  placeName,
  readDatabaseSecret,
  SHOWS,
} from '../../rotators/databases/secret.js';
import type { DatabaseSession, LoginOptions } from '../../rotators/databases/session.js';
import { RotationError } from '../../src/index.js';

/** A session that holds a lock and says nothing for so long is ended, as by MySQL's wait_timeout. */
const IDLE_MS = 1500;

type Command = readonly [command: string, ...values: string[]];

/**
 * A database of no data that keeps up to two passwords for each user, as hashes. Who changes them, in one declaration of all,
 * holds the user's lock.
 */
export class Cellar {
  readonly passwords = new Map<string, readonly string[]>();
  readonly #locks = new Map<string, Promise<void>>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<Cellar> {
    const cellar = new Cellar();
    cellar.#server.listen(0, '127.0.0.1');
    await once(cellar.#server, 'listening');
    return cellar;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  accepts(user: string, password: string): boolean {
    return this.passwords.get(user)?.includes(hashOf(password)) === true;
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    let user: string | undefined;
    let locked: string | undefined;
    let unlock = (): void => {};
    socket.on('error', () => {}).on('close', () => unlock());
    const answer = async ([command, name = '', ...values]: Command): Promise<string> => {
      if (command === 'login') {
        if (!this.accepts(name, values[0] ?? '')) return 'refused';
        user = name;
        return 'welcome';
      }
      if (user === undefined) return 'login first';
      if (command === 'who') return user;
      if (name !== user && user !== 'admin') return 'no right';
      if (command === 'lock') {
        await this.#locks.get(name);
        this.#locks.set(name, new Promise((resolve) => (unlock = resolve)));
        locked = name;
        return 'locked';
      }
      if (locked !== name || values.length > 2) return 'no lock';
      this.passwords.set(name, values);
      return 'set';
    };
    let last: Promise<unknown> = Promise.resolve();
    createInterface({ input: socket }).on('line', (line) => {
      socket.setTimeout(0);
      last = last
        .then(() => answer(JSON.parse(line)))
        .then((said) => {
          socket.write(`${said}\n`);
          if (locked !== undefined) socket.setTimeout(IDLE_MS, () => socket.destroy());
        });
    });
  }
}

export function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

interface Session extends DatabaseSession<DatabaseSecret> {
  say(...command: Command): Promise<string>;
}

async function logIn(secret: DatabaseSecret, options: LoginOptions): Promise<Session | 'rejected'> {
  const { place, limitMs, signal } = options;
  const socket = new Socket();
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const closed = () =>
    new RotationError('ERR_SERVICE_UNREACHABLE', `${placeName(secret)} closed the connection`);
  const lost = once(socket, 'close').then(() => {
    throw closed();
  });
  lost.catch(() => {});
  socket.on('error', () => {});
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  const say = async (...command: Command): Promise<string> => {
    const timer = setTimeout(() => socket.destroy(), limitMs());
    socket.write(`${JSON.stringify(command)}\n`);
    const { value } = await Promise.race([lines.next(), lost]).finally(() => clearTimeout(timer));
    if (value === undefined) throw closed();
    return value;
  };
  const end = async (): Promise<void> => void socket.destroy();
  socket.connect(place.port, place.host);
  await Promise.race([once(socket, 'connect'), lost]);
  if ((await say('login', secret.username, secret.password)) !== 'welcome') {
    await end();
    return 'rejected';
  }
  return { target: secret, place, limitMs, signal, say, end };
}

async function declare(
  session: Session,
  { pending, current }: Wanted<DatabaseSecret>,
  confirm: () => Promise<'pending' | 'current'>,
): Promise<'changed' | 'let go'> {
  const { username } = pending;
  const passwords = current ? [current.password, pending.password] : [pending.password];
  await session.say('lock', username);
  if ((await confirm()) === 'current') return 'let go';
  const said = await session.say('set', username, ...passwords.map(hashOf));
  if (said !== 'set') throw new RotationError('ERR_SERVICE_FAILED', `the cellar says ${said}`);
  return 'changed';
}

/** The cellar, as `singleUser()` takes it. */
export const cellar: Engine<DatabaseSecret, Session, undefined> = {
  product: 'the cellar',
  engines: ['cellar'],
  shows: SHOWS,
  parse: (json) => readDatabaseSecret(json, { engines: ['cellar'], port: 7 }),
  name: 'cellar',
  rejectionHint: 'there is no such user',
  keeps: 2,
  server: async () => ({
    logIn,
    async ask(session) {
      if ((await session.say('who')) !== session.target.username) throw new Error('somebody else’s session');
    },
    facts: async () => undefined,
    setOwn: ({ session }, wanted, { context }) => declare(session, wanted, () => context.confirm()),
    setFor: ({ session }, wanted, { context }) => declare(session, wanted, () => context.confirm()),
    rankOf: async (username) => (username === 'admin' ? 'is the administrator' : undefined),
  }),
};
