import { diagnose } from '../../src/operate/findings.js';
import type { LabelState } from '../../src/operate/label-state.js';
import { runPlan } from '../../src/operate/run-plan.js';
import { takeStepsHere, withPlaceholder } from '../../src/operate/steps-here.js';
import { stuckWorld } from '../support/stuck-world.js';

type World = Awaited<ReturnType<typeof stuckWorld>>;

const currentOf = async (stuck: World) =>
  (await stuck.versions()).find(({ labels }) => labels.includes('AWSCURRENT'));

describe('looking on after AWSPENDING was taken off', () => {
  /** What happens at the service while it looks on. */
  function during(stuck: World, happens: () => void | Promise<void>) {
    let isLookingOn = false;
    return stuck.fix({
      tell({ kind }) {
        isLookingOn ||= kind === 'looking-on';
      },
      async sleep(ms) {
        await stuck.secrets.advanceTo(new Date(+stuck.secrets.now + ms));
        if (isLookingOn) await happens();
        isLookingOn = false;
      },
    });
  }

  test('tries the value that lost its label before AWSPREVIOUS, so that two refused logins do not hide it', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate();
    await stuck.rotate('setSecret');
    await stuck.cancel();
    await stuck.pass(20);
    await during(stuck, () => {
      stuck.accepted.clear();
      stuck.accepted.add('password-2');
    });
    expect(await currentOf(stuck)).toMatchObject({ password: 'password-2', works: true });
  });

  test('does not bring back a value that somebody has moved AWSCURRENT away from', async () => {
    const stuck = await stuckWorld();
    const first = await stuck.holder('AWSCURRENT');
    await stuck.rotate();
    const undone = await stuck.holder('AWSCURRENT');
    await stuck.move('AWSPENDING', undone);
    await stuck.move('AWSCURRENT', first);
    await stuck.move('AWSPREVIOUS', undefined);
    stuck.accepted.clear();
    stuck.accepted.add('password-0');
    await stuck.cancel();
    await stuck.pass(60);
    expect(diagnose(await stuck.look()).name).toBe('UNDONE');
    const { repairs } = await during(stuck, () => {
      stuck.accepted.clear();
      stuck.accepted.add('password-1');
    });
    expect(repairs.map(({ kind }) => kind)).toEqual(['drop']);
    expect(await stuck.holder('AWSCURRENT')).toBe(first);
  });
});

test('a rotation that is begun by hand leaves AWSPENDING to one that has begun meanwhile', async () => {
  const stuck = await stuckWorld();
  const { secrets, secretId, rotator } = stuck;
  const token = 'begun-by-hand-0123456789-0123456789';
  const client = withPlaceholder(secrets, secretId, token);
  await stuck.rotate('testSecret');
  const live = await stuck.holder('AWSPENDING');
  const failure = await takeStepsHere({ client, rotator, secretId, token });
  expect(failure).toMatchObject({ step: 'createSecret' });
  expect(await stuck.holder('AWSPENDING')).toBe(live);
  expect([...stuck.accepted]).toEqual(['password-1']);
});

test('… nor does it when that one begins while createSecret makes the value', async () => {
  const stuck = await stuckWorld();
  const { secrets, secretId, rotator } = stuck;
  const token = 'begun-by-hand-0123456789-0123456789';
  const failure = await takeStepsHere({
    client: withPlaceholder(secrets, secretId, token),
    rotator: {
      ...rotator,
      async createSecret() {
        await stuck.rotate('testSecret');
        return { password: 'made-here' };
      },
    },
    ...{ secretId, token },
  });
  expect(failure).toMatchObject({ step: 'createSecret' });
  const { labels } = (await stuck.versions()).find(({ works }) => works) ?? { labels: [] };
  expect(labels).toEqual(['AWSPENDING']);
});

describe('run', () => {
  const plan = (state: LabelState, steps: Parameters<typeof runPlan>[1]['steps'] = []) =>
    runPlan(state, { steps, isHurried: false });

  test('begins no rotation of a user that AWSCURRENT does not open, nor where nobody could find out', async () => {
    const stuck = await stuckWorld();
    stuck.accepted.clear();
    const refused = await stuck.look();
    expect(() => plan(refused)).toThrow('AWSCURRENT is refused');
    stuck.world.isDown = true;
    const unknown = await stuck.look();
    expect(() => plan(unknown)).toThrow('AWSCURRENT is unknown');
  });

  test('finishes no rotation whose value is refused or older, though the step is named', async () => {
    const stuck = await stuckWorld();
    await stuck.rotate('setSecret');
    await stuck.pass(20);
    const refused = await stuck.look();
    expect(() => plan(refused, ['finishSecret'])).toThrow('AWSPENDING is refused');
    expect(plan(refused, ['setSecret'])).toMatchObject({ isNew: false });
    const undone = await stuckWorld({ keeps: 'several' });
    await undone.rotate();
    const fresh = await undone.holder('AWSCURRENT');
    await undone.move('AWSCURRENT', await undone.holder('AWSPREVIOUS'));
    await undone.move('AWSPENDING', fresh);
    await undone.pass(20);
    const state = await undone.look();
    expect(() => plan(state, ['finishSecret'])).toThrow('was AWSCURRENT once');
  });
});

test('a list of versions that breaks off is no list: what it left out may be what works', async () => {
  const stuck = await stuckWorld();
  await stuck.rotate('testSecret');
  await stuck.move('AWSPENDING', undefined);
  await stuck.pass(60);
  const of = stuck.client();
  let pages = 0;
  const api: typeof of.api = {
    ...of.api,
    async listSecretVersionIds(input, options) {
      if (++pages % 2 === 0) throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
      return { ...(await of.api.listSecretVersionIds?.(input, options)), NextToken: 'more' };
    },
  };
  const { repairs } = await stuck.fix({ of, look: () => stuck.look({ ...of, api }) });
  expect(repairs).toEqual([]);
  expect(of.life.writes).toBe(0);
});

test('an observation is as old as its beginning, however long the logins take', async () => {
  const stuck = await stuckWorld();
  const begun = +stuck.secrets.now;
  const of = stuck.client();
  const slow = {
    ...of,
    mortal: {
      ...of.mortal,
      async testSecret(...args: Parameters<typeof of.mortal.testSecret>) {
        await stuck.pass(1);
        return of.mortal.testSecret(...args);
      },
    },
  };
  expect(+(await stuck.look(slow)).seenAt).toBe(begun);
});

test('once it was stopped nothing is written, whatever was found meanwhile and agreed to before', async () => {
  const stuck = await stuckWorld();
  await stuck.rotate('testSecret');
  await stuck.pass(20);
  const of = stuck.client();
  const stop = new AbortController();
  const fixing = stuck.fix({
    ...{ of, isHere: false, signal: stop.signal },
    async look() {
      const state = await stuck.look(of);
      stop.abort();
      return state;
    },
  });
  await expect(fixing).rejects.toThrow();
  expect(of.life.writes).toBe(0);
});
