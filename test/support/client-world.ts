import { randomUUID } from 'node:crypto';
import {
  type ClientEvent,
  onClientEvent,
  type RotatingSecret,
  type RotatingSecretOptions,
  rotatingSecret,
} from '../../src/client/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

/** What a server says to a wrong password. */
export class Refused extends Error {
  readonly code = '28P01';
  readonly severity = 'FATAL';
}

export type Login = { readonly username: string; readonly password: string };

/** A server that takes some passwords, and counts logins. */
export class Service {
  readonly accepted: Set<string>;
  readonly logins: string[] = [];
  /** How long a login takes. */
  latencyMs = 0;
  refused = 0;

  constructor(...accepted: string[]) {
    this.accepted = new Set(accepted);
  }

  readonly logIn = async ({ password }: Login): Promise<string> => {
    this.logins.push(password);
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    if (this.accepted.has(password)) return password;
    this.refused++;
    throw new Refused('password authentication failed for user "app"');
  };
}

/**
 * A secret in the local Secrets Manager, a client of it, and what both were asked. The clock and all timers stand until the
 * test advances them.
 */
export async function clientWorld(options: RotatingSecretOptions<Login> = {}, first: object = {}) {
  jest.useFakeTimers({
    now: new Date('2026-02-02T17:16:24Z'),
    doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'hrtime', 'performance'],
  });
  const secrets = new LocalSecretsManager();
  const value = { username: 'app', host: 'db.example', password: 'password-one', ...first };
  await secrets.createSecret({ Name: 'app/db', SecretString: JSON.stringify(value) });

  const calls: string[] = [];
  const remote = {
    calls,
    /** What a call fails with in place of an answer. */
    failure: undefined as Error | undefined,
    /** Holds answers back until it resolves. */
    held: undefined as Promise<unknown> | undefined,
    underWay: 0,
    mostAtOnce: 0,
  };
  const client: NonNullable<RotatingSecretOptions<Login>['client']> = {
    async getSecretValue(input) {
      calls.push(input.VersionStage ?? input.VersionId ?? 'no label');
      remote.mostAtOnce = Math.max(remote.mostAtOnce, ++remote.underWay);
      try {
        if (remote.failure) throw remote.failure;
        const answer = secrets.getSecretValue(input);
        answer.catch(() => {});
        await remote.held;
        return await answer;
      } finally {
        remote.underWay--;
      }
    },
  };
  const events: ClientEvent[] = [];
  onClientEvent((event) => events.push(event));
  const parse = (json: Readonly<Record<string, unknown>>): Login => json as Login;
  const secret: RotatingSecret<Login> = rotatingSecret<Login>('app/db', { client, parse, ...options });
  return {
    secrets,
    secret,
    client,
    remote,
    events,
    types: () => events.map(({ type }) => type),
    /** createSecret of a rotation. */
    async stage(change: object, VersionStages = ['AWSPENDING']) {
      const ClientRequestToken = randomUUID();
      const SecretString = JSON.stringify({ ...value, ...change });
      await secrets.putSecretValue({ SecretId: 'app/db', ClientRequestToken, VersionStages, SecretString });
      return ClientRequestToken;
    },
    /** Moves AWSCURRENT. */
    async promote(MoveToVersionId: string) {
      const { VersionId } = await secrets.getSecretValue({ SecretId: 'app/db' });
      const labels = { MoveToVersionId, RemoveFromVersionId: VersionId! };
      await secrets.updateSecretVersionStage({ SecretId: 'app/db', VersionStage: 'AWSCURRENT', ...labels });
    },
    async unlabel(RemoveFromVersionId: string) {
      const pending = { SecretId: 'app/db', VersionStage: 'AWSPENDING' };
      await secrets.updateSecretVersionStage({ ...pending, RemoveFromVersionId });
    },
  };
}

/** Lets time pass, and what it brings come about. */
export async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
}

/** The clock goes on while the process is frozen: no timer fires. */
export function freeze(ms: number): void {
  jest.setSystemTime(Date.now() + ms);
}

/** Lets what needs no time come about. */
export async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
}

/** What AWS answers. */
export function awsError(name: string): Error {
  return Object.assign(new Error(`${name} of a test`), {
    name,
    $fault: 'client',
    $metadata: { attempts: 1 },
  });
}

export const unreachable = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** How a promise has ended so far. */
export function outcomeOf<T>(promise: Promise<T>) {
  const seen: { value?: T; error?: unknown; isOver: boolean } = { isOver: false };
  promise.then(
    (value) => Object.assign(seen, { value, isOver: true }),
    (error) => Object.assign(seen, { error, isOver: true }),
  );
  return seen;
}

/** Numbers that look random, and are the same each time (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
