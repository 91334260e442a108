import { diagnose } from '../../src/operate/findings.js';
import { takeStepsHere, withPlaceholder } from '../../src/operate/steps-here.js';
import { STEPS, type Step } from '../../src/step.js';
import { numbersFrom } from '../support/seeded.js';
import { stuckWorld } from '../support/stuck-world.js';
import { isThorough } from '../support/thorough.js';

type World = Awaited<ReturnType<typeof stuckWorld>>;

/** The labels and whether each version works, by the password's number. */
async function told({ versions }: World): Promise<string> {
  const shown = (await versions()).map(({ password, labels, works }) => {
    const short = labels.map((label) => label.replace('AWS', '').toLowerCase()).join('+');
    return `${password.replace('password-', '')}${short && ` ${short}`}${works ? ' works' : ''}`;
  });
  return shown.join(', ');
}

describe('a rotation that stopped', () => {
  test.each<[Step, 'one' | 'several', string]>([
    ['createSecret', 'one', 'EMPTY_PENDING'],
    ['createSecret', 'several', 'EMPTY_PENDING'],
    ['setSecret', 'one', 'DEAD_PENDING'],
    ['setSecret', 'several', 'DEAD_PENDING'],
    ['testSecret', 'one', 'LIVE_PENDING'],
    ['testSecret', 'several', 'BOTH_LIVE'],
    ['finishSecret', 'one', 'LIVE_PENDING'],
    ['finishSecret', 'several', 'BOTH_LIVE'],
  ])('in %s, of a service that keeps %s, is found and finished', async (step, keeps, name) => {
    const stuck = await stuckWorld({ keeps });
    await stuck.rotate(step);
    expect(diagnose(await stuck.look()).name).toBe('IN_FLIGHT');
    await stuck.pass(20);
    expect(diagnose(await stuck.look()).name).toBe(name);
    const { finding, repairs } = await stuck.fix();
    expect(repairs).toEqual([expect.objectContaining({ kind: 'resume' })]);
    expect(finding.name).toBe('OK');
    expect((await stuck.versions()).at(-1)).toMatchObject({ password: 'password-1', works: true });
    expect(await told(stuck)).toMatch(/^0 previous.*, 1 current(\+pending)? works$/);
  });

  test('after setSecret is ended by its label where nobody can take the steps, and nothing else is', async () => {
    for (const [step, end] of [
      ['createSecret', '0 current works'],
      ['setSecret', '0 current works, 1 pending'],
      ['testSecret', '0 previous, 1 current+pending works'],
    ] as const) {
      const stuck = await stuckWorld();
      await stuck.rotate(step);
      await stuck.pass(20);
      await stuck.fix({ isHere: false });
      expect(await told(stuck)).toBe(end);
    }
  });

  test('and whose steps fail again is ended by its label only if the values are what they should be', async () => {
    for (const [code, end] of [
      ['ERR_SERVICE_TIMEOUT', '0 previous, 1 current+pending works'],
      ['ERR_PENDING_MISMATCH', '0 current, 1 pending works'],
    ] as const) {
      const stuck = await stuckWorld();
      await stuck.rotate('testSecret');
      await stuck.pass(20);
      await stuck.fix({ resume: async () => ({ code, message: 'the steps failed' }) });
      expect(await told(stuck)).toBe(end);
    }
  });

  test('says which version keeps what finishSecret would have retired', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate();
    const previous = await stuck.holder('AWSPREVIOUS');
    await stuck.rotate('testSecret');
    await stuck.pass(20);
    expect((await stuck.fix({ isHere: false })).unretired).toBe(previous);
  });

  test('is left as it is when nobody agrees, and no call is made', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate('testSecret');
    await stuck.pass(20);
    const of = stuck.client();
    const { finding, repairs } = await stuck.fix({ of, ask: async () => false });
    expect([finding.name, repairs, of.life.writes]).toEqual(['LIVE_PENDING', [], 0]);
  });

  test('is looked at anew when the answer took longer than a verdict holds', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate('testSecret');
    await stuck.pass(20);
    const { repairs } = await stuck.fix({
      isHere: false,
      // Meanwhile somebody sets the old password again.
      async ask() {
        await stuck.pass(1);
        stuck.accepted.clear();
        stuck.accepted.add('password-0');
        return true;
      },
    });
    expect(repairs).toEqual([]);
    expect(await told(stuck)).toBe('0 current works, 1 pending');
  });
});

describe('a rotation that was cancelled', () => {
  test.each<[Step, 'one' | 'several', end: string]>([
    ['createSecret', 'one', '0 current works'],
    ['setSecret', 'one', '0 current works, 1'],
    ['testSecret', 'one', '0 previous, 1 current+pending works'],
    ['finishSecret', 'one', '0 previous, 1 current+pending works'],
    ['createSecret', 'several', '0 current works'],
    ['setSecret', 'several', '0 current works, 1'],
    ['testSecret', 'several', '0 current works, 1 pending works'],
  ])('before %s, of a service that keeps %s, ends as %s', async (step, keeps, end) => {
    const stuck = await stuckWorld({ keeps });
    await stuck.rotate(step);
    await stuck.cancel();
    await stuck.fix();
    // The cancelling itself is too young, and a step may still be running.
    expect(await told(stuck)).toMatch(/^0 current/);
    expect((await stuck.holder('AWSPENDING')) !== undefined).toBe(true);
    await stuck.pass(20);
    await stuck.fix();
    expect(await told(stuck)).toBe(end);
  });
});

describe('what somebody did on purpose, or is about to do, is left as it is:', () => {
  async function untouched(stuck: World, name: string, refusals = 2): Promise<void> {
    const before = await told(stuck);
    const of = stuck.client();
    const { finding, repairs } = await stuck.fix({ of, look: () => stuck.look(of, { refusals }) });
    expect([finding.name, repairs, of.life.writes]).toEqual([name, [], 0]);
    expect(await told(stuck)).toBe(before);
  }

  test('a leaked value that works again after a restore', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate();
    await stuck.rotate();
    stuck.accepted.clear();
    stuck.accepted.add('password-0');
    await stuck.pass(60);
    await untouched(stuck, 'REFUSED_ALONE');
    await untouched(stuck, 'STRAY_LIVE', Number.POSITIVE_INFINITY);
  });

  test('keys that are not active yet, while the leaked one is', async () => {
    const stuck = await stuckWorld({ keeps: 'several' });
    await stuck.rotate();
    await stuck.rotate();
    stuck.accepted.delete('password-1');
    stuck.accepted.delete('password-2');
    await untouched(stuck, 'STRAY_LIVE', Number.POSITIVE_INFINITY);
    stuck.accepted.add('password-2');
    await untouched(stuck, 'OK');
  });

  test('a value that a person has just stored, and has yet to set at the service', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate('testSecret');
    await stuck.pass(300);
    await stuck.put('typed-by-hand');
    await untouched(stuck, 'STRAY_LIVE', Number.POSITIVE_INFINITY);
    await stuck.pass(60);
    await untouched(stuck, 'STRAY_LIVE', Number.POSITIVE_INFINITY);
  });

  test('AWSCURRENT that was moved back, with AWSPENDING on the newer version, which works', async () => {
    const stuck = await stuckWorld({ keeps: 'several' });
    await stuck.rotate();
    const [old, fresh] = [await stuck.holder('AWSPREVIOUS'), await stuck.holder('AWSCURRENT')];
    await stuck.move('AWSPENDING', fresh);
    await stuck.move('AWSCURRENT', old);
    await stuck.pass(60);
    expect(diagnose(await stuck.look()).name).toBe('LABEL_LEFT');
    await stuck.fix();
    expect(await told(stuck)).toBe('0 current works, 1 previous works');
  });

  test('a user that no version opens', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate('createSecret');
    stuck.accepted.clear();
    await stuck.pass(60);
    await untouched(stuck, 'NONE_WORKS');
  });

  test('AWSPENDING that names another host, whose value nobody sends there', async () => {
    const stuck = await stuckWorld();
    await stuck.secrets.putSecretValue({
      SecretId: stuck.secretId,
      SecretString: stuck.textOf('password-9', 'db.attacker.example'),
      VersionStages: ['AWSPENDING'],
    });
    await stuck.pass(60);
    await untouched(stuck, 'FOREIGN_PENDING');
    expect(new Set(stuck.hosts)).toEqual(new Set(['db']));
  });

  test('a service that does not answer', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate('testSecret');
    await stuck.pass(60);
    stuck.world.isDown = true;
    await untouched(stuck, 'UNKNOWN');
  });
});

test('the only value that works gets its name back after AWSPENDING was removed from it', async () => {
  const stuck = await stuckWorld();
  await stuck.rotate('testSecret');
  await stuck.move('AWSPENDING', undefined);
  await stuck.pass(60);
  expect(diagnose(await stuck.look()).name).toBe('STRAY_LIVE');
  expect((await stuck.fix()).finding.name).toBe('OK');
  expect(await told(stuck)).toBe('0 previous, 1 current works');
});

describe('a setSecret that comes late, behind the removal of AWSPENDING,', () => {
  async function late(afterMs: number, lookOnMs?: number) {
    const stuck = await stuckWorld();
    await stuck.rotate('setSecret');
    await stuck.cancel();
    await stuck.pass(20);
    let dropped: number | undefined;
    const mended = await stuck.fix(
      {
        tell({ kind }) {
          if (kind === 'looking-on') dropped = +stuck.secrets.now;
        },
        async sleep(ms) {
          await stuck.secrets.advanceTo(new Date(+stuck.secrets.now + ms));
          if (dropped === undefined || +stuck.secrets.now < dropped + afterMs) return;
          stuck.accepted.clear();
          stuck.accepted.add('password-1');
        },
      },
      lookOnMs === undefined ? {} : { lookOnMs },
    );
    return { stuck, mended };
  }

  test.each([100, 45_000, 890_000])('by %i ms is met: its value becomes AWSCURRENT', async (ms) => {
    const { stuck, mended } = await late(ms);
    expect(await told(stuck)).toBe('0 previous, 1 current works');
    expect(mended.finding.name).toBe('OK');
    expect(mended.repairs.map(({ kind }) => kind)).toEqual(['drop', 'promote']);
  });

  test('is not met by one look, which is why it looks on', async () => {
    expect(await told((await late(45_000, 0)).stuck)).toBe('0 current works, 1');
  });
});

test('a rotation that is begun by hand is not taken for AWSPENDING any more when somebody has removed its label', async () => {
  const { secrets, secretId, rotator, accepted, move } = await stuckWorld();
  const token = 'begun-by-hand-0123456789-0123456789';
  const client = withPlaceholder(secrets, secretId, token);
  const take = (step: Step) => takeStepsHere({ client, rotator, secretId, token, steps: [step] });
  expect(await take('createSecret')).toBeUndefined();
  await move('AWSPENDING', undefined);
  expect(await take('setSecret')).toMatchObject({ step: 'setSecret', code: 'ERR_ROTATION_ABANDONED' });
  expect([...accepted]).toEqual(['password-0']);
});

test('no look has more than two logins refused, unless it is asked to', async () => {
  const stuck = await stuckWorld();
  for (let n = 0; n < 5; n++) await stuck.rotate();
  stuck.accepted.clear();
  await stuck.look(stuck.client(), { which: 'all' });
  expect(stuck.world.refused).toBe(2);
  await stuck.look(stuck.client(), { which: 'all', refusals: Number.POSITIVE_INFINITY });
  expect(stuck.world.refused).toBe(2 + 6);
});

/** What happens to a secret before somebody looks: rotations, people and accidents, at random and the same for each seed. */
async function befallen(seed: number): Promise<World> {
  const random = numbersFrom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const stuck = await stuckWorld({ keeps: random() < 0.5 ? 'one' : 'several' });
  const events: readonly (() => Promise<unknown>)[] = [
    () => stuck.rotate(),
    () => stuck.rotate(STEPS[below(4)]),
    () => stuck.rotate(STEPS[below(4)]),
    () => stuck.rehearse(),
    () => stuck.cancel(),
    () => stuck.put(`typed-${seed}-${below(99)}`),
    async () => stuck.move('AWSCURRENT', await stuck.holder('AWSPREVIOUS')),
    async () => stuck.move('AWSCURRENT', (await stuck.versions())[below(3)]?.id),
    async () => stuck.move('AWSPENDING', (await stuck.versions())[below(4)]?.id),
    async () => stuck.move('KEPT', (await stuck.versions())[below(4)]?.id),
    () => stuck.move('AWSPENDING', undefined),
    () =>
      stuck.secrets.putSecretValue({
        SecretId: stuck.secretId,
        SecretString: stuck.textOf(`put-${below(99)}`, random() < 0.3 ? 'elsewhere' : 'db'),
        VersionStages: ['AWSPENDING'],
      }),
  ];
  for (let count = 1 + below(6); count > 0; count--) {
    // Secrets Manager refuses some of it.
    await Promise.resolve(events[below(events.length)]?.()).catch(() => {});
    stuck.world.stopIn = undefined;
    await stuck.pass(1 + below(40));
  }
  // What the service takes then may be anything that it ever took.
  if (random() < 0.5) {
    stuck.accepted.clear();
    for (const { password } of await stuck.versions()) if (random() < 0.35) stuck.accepted.add(password);
  }
  await stuck.pass(random() < 0.8 ? 20 : 1);
  return stuck;
}

/** What a repair must leave behind, whatever was the matter. */
function problemOf(
  before: Awaited<ReturnType<World['versions']>>,
  after: Awaited<ReturnType<World['versions']>>,
  writes: number,
): string | undefined {
  const current = (list: typeof before) => list.find(({ labels }) => labels.includes('AWSCURRENT'));
  const [was, is] = [current(before), current(after)];
  if (writes > 0 && !is?.works) return 'something was written, and AWSCURRENT does not work';
  if (was && is && was.id !== is.id && is.createdAt <= was.createdAt)
    return 'an older version became AWSCURRENT';
  const lost = before.find(({ id, labels, works, password }) => {
    if (!works || labels.length === 0 || labels.join() === 'AWSPREVIOUS') return false;
    const names = after
      .filter((version) => version.password === password)
      .flatMap((version) => version.labels);
    return names.length === 0 && after.some((version) => version.id === id && version.works);
  });
  return lost && `${lost.password} works, and lost its last label`;
}

test.each(Array.from({ length: isThorough ? 400 : 30 }, (_, block) => block))(
  'whatever befell the secret, a repair harms nothing (block %i)',
  async (block) => {
    for (let seed = block * 25; seed < block * 25 + 25; seed++) {
      const stuck = await befallen(seed);
      const [before, start] = [await stuck.versions(), await told(stuck)];
      const of = stuck.client();
      const options = seed % 3 === 0 ? { refusals: Number.POSITIVE_INFINITY } : {};
      await stuck.fix({ of, isHere: seed % 2 === 0, look: () => stuck.look(of, options) });
      const problem = problemOf(before, await stuck.versions(), of.life.writes);
      if (problem) throw new Error(`seed ${seed}: ${start} became ${await told(stuck)}: ${problem}`);
    }
  },
);

test.each(Array.from({ length: isThorough ? 100 : 12 }, (_, block) => block))(
  'killed before or after any call, and run again, it comes to the same end (block %i)',
  async (block) => {
    for (let seed = block * 3; seed < block * 3 + 3; seed++) {
      const end = async (kill?: { readonly call: number; readonly when: 'before' | 'after' }) => {
        const stuck = await befallen(seed);
        const of = stuck.client(kill);
        await stuck.fix({ of }).catch(() => {});
        const calls = of.life.calls;
        for (let again = 0; again < 3; again++) {
          await stuck.pass(20);
          await stuck.fix();
        }
        return { calls, told: await told(stuck), start: seed };
      };
      const whole = await end();
      for (let call = 1; call <= whole.calls; call++) {
        for (const when of ['before', 'after'] as const) {
          const killed = await end({ call, when });
          const passwords = (text: string) => text.replaceAll(/\d+/g, 'n');
          if (passwords(killed.told) !== passwords(whole.told))
            throw new Error(
              `seed ${seed}, killed ${when} call ${call}: ${killed.told}, and not ${whole.told}`,
            );
        }
      }
    }
  },
);
