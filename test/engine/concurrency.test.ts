import { setTimeout as sleep } from 'node:timers/promises';
import { type RotationError, rotationHandler } from '../../src/index.js';
import { building, nameIn } from '../support/building.js';
import { leaksOnPurpose } from '../support/canary.js';
import { Door, doorRig, doorRotator } from '../support/door-rig.js';
import { allOf, rejection } from '../support/errors.js';
import { FaultyClient, serviceError } from '../support/faulty-client.js';

/** What goes wrong with a secret, by its number: of eight, four fail, each in another way. */
const FATES = ['quotes', 'throttled', 'late', 'lost', 'well', 'well', 'well', 'well'] as const;
const CODES = {
  quotes: 'ERR_ROTATOR_FAILED',
  throttled: 'ERR_SECRETS_MANAGER_FAILED',
  late: 'ERR_DEADLINE',
  lost: 'ERR_SECRETS_MANAGER_UNREACHABLE',
};
const fateOf = (name: string) => FATES[Number(name.slice(-3)) % FATES.length] ?? 'well';

describe('two hundred secrets at once, of which a half fails', () => {
  const signals = new Map<string, AbortSignal>();

  async function rotateAll() {
    let client: FaultyClient | undefined;
    const rigged = await building(200, {
      client: (secrets) => {
        client = new FaultyClient(secrets);
        return client;
      },
      setSecretMs: (name) => (fateOf(name) === 'late' ? 1000 : undefined),
      async onSet(name, pending, { signal }) {
        signals.set(name, signal);
        if (fateOf(name) === 'quotes')
          throw new Error(`${name} refuses ${pending} after ${rigged.first(name)}`);
        if (fateOf(name) === 'late') await new Promise(() => {});
      },
    });
    for (const name of rigged.names) {
      const matches = ({ SecretId }: { SecretId?: unknown }) => nameIn(String(SecretId)) === name;
      if (fateOf(name) === 'throttled') {
        const error = serviceError('ThrottlingException', { message: `no time for ${name}` });
        client?.fail('getSecretValue', error, { times: 2, matches });
      }
      if (fateOf(name) === 'lost') {
        const message = `no answer for ${name} with ${rigged.first(name)}`;
        const error = Object.assign(new Error(message), { code: 'ECONNRESET' });
        client?.fail('putSecretValue', error, { when: 'after', matches });
      }
    }
    await Promise.all(rigged.names.map(rigged.begin));
    const reports = await Promise.all(rigged.names.map((name) => rigged.secrets.rotation(name).run()));
    return { ...rigged, reports };
  }

  test('each ends as it would alone, and no error, log entry or signal is another’s', async () => {
    const { names, reports, log, door, password, first, secrets } = await rotateAll();
    for (const { secret, outcome, steps } of reports) {
      const fate = fateOf(secret);
      const error = steps.at(-1)?.error as RotationError | undefined;
      expect([secret, outcome, error?.code]).toEqual(
        fate === 'well' ? [secret, 'succeeded', undefined] : [secret, 'failed', CODES[fate]],
      );
      const told = allOf([error, log.filter(({ secretId }) => nameIn(secretId) === secret)]);
      expect(told.match(/tenant-\d{3}/g)?.filter((name) => name !== secret) ?? []).toEqual([]);
      // It is named by its own errors: the list of one hides nothing of another.
      if (fate === 'quotes') expect(error?.message).toContain(`${secret} refuses [redacted]`);
      expect(door(secret).accepts(await password(secret))).toBe(true);
      expect(door(secret).accepts(first(secret))).toBe(fate !== 'well');
      // Some may not have come so far that they saw it.
      if (signals.has(secret)) expect(signals.get(secret)?.aborted).toBe(fate === 'late');
    }
    expect(log).toHaveLength(names.reduce((sum, name) => sum + stepsOf(fateOf(name)), 0));

    // The passing ones have passed: the same function brings all to their end.
    const late = names.filter((name) => ['throttled', 'lost'].includes(fateOf(name)));
    const again = await Promise.all(late.map((name) => secrets.rotation(name).reattempt()));
    expect(again.filter(({ outcome }) => outcome !== 'succeeded')).toEqual([]);
  });

  const stepsOf = (fate: (typeof FATES)[number]) =>
    ({ well: 4, quotes: 2, late: 2, lost: 1, throttled: 1 })[fate];
});

test('the signal of a step fires before the step is given up, though another kept the process busy', async () => {
  const signals: AbortSignal[] = [];
  const { secrets, begin, names } = await building(2, {
    setSecretMs: () => 200,
    async onSet(_name, _pending, { signal }) {
      // Node runs all timers of 175 ms that are due, and then those of 150 ms: the second step's are both due then.
      if (signals.push(signal) === 1) signal.addEventListener('abort', () => busyFor(150));
      await new Promise(() => {});
    },
  });
  const late = names.map(async (name, nth) => {
    await begin(name);
    await secrets.rotation(name).deliver('createSecret');
    await sleep(40 * nth);
    return rejection(secrets.rotation(name).deliver('setSecret'));
  });
  expect(await Promise.all(late)).toMatchObject(names.map(() => ({ code: 'ERR_DEADLINE' })));
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

function busyFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('what one invocation has to hide is plain text to another that runs at the same time', async () => {
  // "Maintenance" is the password of the one and a word of the other's.
  leaksOnPurpose();
  const word = 'Maintenance-2';
  const errors: Record<string, unknown> = {};
  const secrets = (await building(0)).secrets;
  let open = () => {};
  const both = new Promise<void>((resolve) => {
    open = resolve;
  });
  let waiting = 0;
  const handler = rotationHandler(
    doorRotator(new Door(), {
      async createSecret({ user }) {
        if (++waiting === 2) open();
        await both;
        throw new Error(`${user} is closed for ${word}`);
      },
    }),
    { client: secrets, log: () => {} },
  );
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  for (const [Name, password] of Object.entries({ one: word, other: 'Something-else-3' })) {
    await secrets.createSecret({ Name, SecretString: JSON.stringify({ user: Name, password }) });
    await secrets.rotateSecret({ SecretId: Name, RotationLambdaARN });
  }
  await Promise.all(
    ['one', 'other'].map(async (name) => {
      errors[name] = await rejection(secrets.rotation(name).deliver('createSecret'));
    }),
  );
  expect(errors.one).toMatchObject({ message: expect.stringContaining('one is closed for [redacted]') });
  expect(errors.other).toMatchObject({ message: expect.stringContaining(`other is closed for ${word}`) });
});

test('a warm container keeps nothing: a thousand steps leave no timer and no listener', async () => {
  const { begin, run, secrets, door } = await doorRig();
  await begin();
  await run();
  const kept = () => [
    process.getActiveResourcesInfo().sort(),
    process.eventNames().map((name) => process.listenerCount(name)),
  ];
  const before = kept();
  for (let rotation = 0; rotation < 250; rotation++) {
    await secrets.rotateSecret({ SecretId: 'door' });
    await run();
  }
  expect(door.changes).toBe(251);
  expect(kept()).toEqual(before);
});
