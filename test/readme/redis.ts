import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Rotator } from '../../src/index.js';
import { passwordSource, RotationError, stringField } from '../../src/index.js';

/** The secret: {"host":"redis.example","port":6379,"username":"app","password":"…","masterarn":"redis/admin"} */
interface RedisSecret {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** The secret of an administrator of the same server, who may change every user's password. */
  readonly masterarn: string;
  readonly ssl: boolean;
}
const SHOWS = ['host', 'port', 'username', 'masterarn', 'ssl'] as const;

/** The server keeps two passwords, AWSCURRENT's and AWSPENDING's: it refuses nobody at any moment. */
export function redis(): Rotator<RedisSecret, 'password'> {
  const newPassword = passwordSource();
  return {
    name: 'redis',
    rotates: ['password'],
    shows: SHOWS,
    parse: (json) => parse(json, stringField(json, 'masterarn')),
    createSecret: () => ({ password: newPassword() }),

    async setSecret({ pending, current }, { signal, confirm, readSecret }) {
      // First: whoever can write the secret chooses its user. Only who knows that user's password may change it.
      const isCurrentValid = await isAccepted(current, signal);
      if (!isCurrentValid && !(await isAccepted(pending, signal))) throw rejected(current);
      const administrator = parse(await readSecret(pending.masterarn, SHOWS), '');
      if (administrator.host !== pending.host || administrator.port !== pending.port) {
        throw new RotationError(
          'ERR_SECRET_MALFORMED',
          '"masterarn" names an administrator of another server',
        );
      }
      if (administrator.username === pending.username) {
        throw new RotationError('ERR_SECRET_MALFORMED', '"masterarn" names the same user as the secret');
      }
      await withSession(administrator, signal, async (ask) => {
        if (!(await logIn(ask, administrator))) throw rejected(administrator);
        const user = await ask('ACL', 'GETUSER', pending.username);
        const passwords = Array.isArray(user) ? user[user.indexOf('passwords') + 1] : undefined;
        if (!Array.isArray(passwords)) {
          throw new RotationError('ERR_USER_MISSING', `${pending.host} has no user "${pending.username}"`);
        }
        const wanted = (isCurrentValid ? [current, pending] : [pending]).map(({ password }) =>
          hashOf(password),
        );
        // One statement, all or nothing. It removes the hashes that GETUSER has shown, and fails if one of them
        // is gone. So it does no harm if it arrives late, after another rotation.
        const gone = passwords.filter((hash) => hash !== wanted.at(-1)).map((hash) => `!${hash}`);
        if ((await confirm()) === 'current') return;
        await ask('ACL', 'SETUSER', pending.username, ...gone, ...wanted.map((hash) => `#${hash}`));
        await ask('ACL', 'SAVE');
      });
    },

    testSecret: async (pending, { signal }) =>
      (await isAccepted(pending, signal)) ? 'accepted' : 'rejected',
  };
}

function parse(json: Readonly<Record<string, unknown>>, masterarn: string): RedisSecret {
  const { port = 6379, ssl = true } = json;
  if (typeof port !== 'number' || typeof ssl !== 'boolean') {
    throw new TypeError('"port" must be a number, "ssl" a boolean');
  }
  const [host, username] = [stringField(json, 'host'), stringField(json, 'username')];
  return { host, port, username, password: stringField(json, 'password'), masterarn, ssl };
}

function rejected({ host, username }: RedisSecret): RotationError {
  return new RotationError('ERR_CREDENTIAL_REJECTED', `${host} refuses "${username}"`);
}

function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

type Answer = string | readonly Answer[] | undefined;
type Ask = (...command: readonly string[]) => Promise<Answer>;

function isAccepted(secret: RedisSecret, signal: AbortSignal): Promise<boolean> {
  return withSession(secret, signal, (ask) => logIn(ask, secret));
}

/** Whether the server accepts the password. Only WRONGPASS is a refusal: any other error says nothing about it. */
async function logIn(ask: Ask, { username, password }: RedisSecret): Promise<boolean> {
  // With the name: AUTH with a password alone logs in "default", who may need no password.
  return (await ask('AUTH', username, password)) === 'OK';
}

/** Opens a connection, lets `use` send commands over it, and closes it. */
async function withSession<T>(
  { host, port, ssl }: RedisSecret,
  signal: AbortSignal,
  use: (ask: Ask) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const socket = ssl ? connectTls({ host, port }) : connect({ host, port });
  const lines = linesOf(addAbortSignal(signal, socket));
  try {
    return await use((...command) => {
      const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${words.join('')}`);
      return read(lines, command.slice(0, 2).join(' '));
    });
  } finally {
    socket.destroy();
  }
}

async function* linesOf(socket: Socket): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 100_000) throw new RotationError('ERR_SERVICE_FAILED', 'an answer is too long');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 2);
    }
  }
  throw new RotationError('ERR_SERVICE_UNREACHABLE', 'the server closed the connection');
}

async function read(lines: AsyncGenerator<string, undefined>, doing: string): Promise<Answer> {
  const line = (await lines.next()).value ?? '';
  const [kind, rest] = [line.charAt(0), line.slice(1)];
  if (kind === '*') {
    const items: Answer[] = [];
    for (let left = Number(rest); left > 0; left--) items.push(await read(lines, doing));
    return items;
  }
  if (kind === '$') return rest === '-1' ? undefined : (await lines.next()).value;
  if (kind !== '-') return rest;
  // Only the first word: Redis's answer to SETUSER quotes hashes.
  const [code] = rest.split(' ');
  if (code === 'WRONGPASS') return code;
  throw new RotationError('ERR_SERVICE_FAILED', `the server answered ${doing} with ${code}`);
}
