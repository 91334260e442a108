import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

interface User {
  isOn: boolean;
  isOpen: boolean;
  readonly passwords: Set<string>;
  /** Commands by name, subcommands after a bar; or `@all`. */
  readonly may: Set<string>;
}

type Reply = string | null | readonly Reply[] | Error;

const WRONG = new Error('WRONGPASS invalid username-password pair or user is disabled.');

/** A Redis of no data: its users and their passwords, in the words of Redis 7. */
export class RedisServer {
  users = new Map<string, User>();
  /** What is on disk: the users that a restart brings back. */
  #saved = new Map<string, User>();
  readonly #sessions = new Map<Socket, string>();
  readonly #server: Server = createServer((socket) => this.#serve(socket));

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer();
    redis.reset();
    redis.#server.listen(0, '127.0.0.1');
    await once(redis.#server, 'listening');
    return redis;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param requirepass the password of `default`, who needs none without it */
  reset(requirepass?: string): void {
    this.users = new Map();
    const rules = requirepass === undefined ? ['nopass'] : [`>${requirepass}`];
    this.setUser('default', 'on', ...rules, '+@all');
    this.#saved = structuredClone(this.users);
  }

  /** Starts again, with what was saved. */
  restart(): void {
    this.users = structuredClone(this.#saved);
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sessions.keys()) socket.destroy();
    await once(this.#server, 'close');
  }

  accepts(name: unknown, password: unknown): boolean {
    const user = this.users.get(String(name));
    return user?.isOn === true && (user.isOpen || user.passwords.has(hashOf(String(password))));
  }

  /** All the rules or, if one of them is wrong, none. */
  setUser(name: string, ...rules: readonly string[]): Reply {
    const none = { isOn: false, isOpen: false, passwords: new Set<string>(), may: new Set<string>() };
    const user = structuredClone(this.users.get(name) ?? none);
    for (const rule of rules) {
      if (!obey(user, rule)) return new Error(`ERR Error in ACL SETUSER modifier '${rule}': Syntax error`);
    }
    this.users.set(name, user);
    return 'OK';
  }

  #serve(socket: Socket): void {
    let text = '';
    const end = () => this.#sessions.delete(socket);
    socket
      .setEncoding('latin1')
      .on('error', () => {})
      .on('close', end)
      .on('data', (chunk) => {
        text += chunk;
        for (let command = first(text); command; command = first(text)) {
          text = text.slice(command.length);
          socket.write(encoded(this.#answer(socket, command.words)));
        }
      });
  }

  #answer(socket: Socket, [command = '', ...args]: readonly string[]): Reply {
    const name = command.toUpperCase();
    if (name === 'AUTH') return this.#logIn(socket, args);
    const as = this.#sessions.get(socket) ?? (this.users.get('default')?.isOpen ? 'default' : undefined);
    if (as === undefined) return new Error('NOAUTH Authentication required.');
    const wanted = name === 'ACL' ? `acl|${args[0]?.toLowerCase()}` : name.toLowerCase();
    const user = this.users.get(as);
    if (!user?.may.has('@all') && !user?.may.has(wanted)) {
      return new Error(`NOPERM User ${as} has no permissions to run the '${wanted}' command`);
    }
    if (wanted === 'ping') return 'PONG';
    if (wanted === 'acl|whoami') return as;
    if (wanted === 'acl|getuser') return this.#getUser(args[1] ?? '');
    if (wanted === 'acl|setuser') return this.setUser(args[1] ?? '', ...args.slice(2));
    if (wanted !== 'acl|save') return new Error(`ERR unknown command '${command}'`);
    this.#saved = structuredClone(this.users);
    return 'OK';
  }

  /** With one argument it is `default` that logs in. */
  #logIn(socket: Socket, args: readonly string[]): Reply {
    const [name, password] = args.length === 1 ? ['default', args[0]] : args;
    if (!this.accepts(name, password)) return WRONG;
    this.#sessions.set(socket, String(name));
    return 'OK';
  }

  #getUser(name: string): Reply {
    const user = this.users.get(name);
    if (!user) return null;
    const flags = [user.isOn ? 'on' : 'off', ...(user.isOpen ? ['nopass'] : [])];
    const commands = [...user.may].map((command) => `+${command}`).join(' ');
    return ['flags', flags, 'passwords', [...user.passwords], 'commands', commands];
  }
}

function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

function obey(user: User, rule: string): boolean {
  const [sign, rest] = [rule.charAt(0), rule.slice(1)];
  const hash = sign === '>' || sign === '<' ? hashOf(rest) : rest;
  if (rule === 'on' || rule === 'off') user.isOn = rule === 'on';
  else if (rule === 'resetpass' || rule === 'nopass') {
    user.passwords.clear();
    user.isOpen = rule === 'nopass';
  } else if (sign === '+') user.may.add(rest);
  else if (sign === '-') user.may.delete(rest);
  else if (/^[>#]/.test(rule) && /^[0-9a-f]{64}$/.test(hash)) {
    user.passwords.add(hash);
    user.isOpen = false;
  } else return /^[<!]/.test(rule) && user.passwords.delete(hash);
  return true;
}

/** The first command of what has come in, if it is there as a whole. */
function first(text: string): { readonly words: readonly string[]; readonly length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  let length = head?.[0].length ?? 0;
  const words: string[] = [];
  for (let left = Number(head?.[1] ?? 0); left > 0; left--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(length));
    if (!size) return undefined;
    const begin = length + size[0].length;
    length = begin + Number(size[1]) + 2;
    if (text.length < length) return undefined;
    words.push(Buffer.from(text.slice(begin, length - 2), 'latin1').toString());
  }
  return head ? { words, length } : undefined;
}

function encoded(reply: Reply): string {
  if (reply instanceof Error) return `-${reply.message}\r\n`;
  if (reply === null) return '$-1\r\n';
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  return `*${reply.length}\r\n${reply.map(encoded).join('')}`;
}
