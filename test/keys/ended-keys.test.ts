import { allOf, leaks } from '../support/errors.js';
import { KeyProvider } from '../support/key-provider.js';
import { type KeyDeclaration, keyRig } from '../support/key-rig.js';

// Keys that a rotation has ended, at providers with unusual answers.

let now = Date.UTC(2026, 0, 1);
const providerOf = (): KeyProvider => new KeyProvider({ now: () => (now += 1000) });
const live = ({ keys }: KeyProvider): readonly string[] => [...keys.keys()];

/** A provider whose keys work on when their records are gone. */
function lingering(provider: KeyProvider): Partial<KeyDeclaration> {
  const known = new Set<unknown>();
  return {
    probe({ key }) {
      if (provider.accepts(key)) known.add(key);
      return known.has(key) ? 'accepted' : 'rejected';
    },
  };
}

describe('a provider that refuses to end what has ended already', () => {
  const unwilling = (provider: KeyProvider): Partial<KeyDeclaration> => ({
    revoke(id) {
      if (!provider.revoke(id)) throw new Error('409');
    },
  });

  test('is not asked for more than that it refuses the key, which no list shows', async () => {
    const provider = providerOf();
    const { rotate, holds } = await keyRig(provider, unwilling(provider));
    await rotate();
    provider.revoke('id-1');
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await holds('AWSCURRENT')).toBe('id-3');
  });

  test.each<[string, Partial<KeyDeclaration>]>([
    ['works', {}],
    ['is not tried', { ends: 'untried' }],
  ])('is believed where the key %s: nothing is promoted', async (_, parts) => {
    const provider = providerOf();
    const { rotate, holds } = await keyRig(provider, {
      ...lingering(provider),
      ...unwilling(provider),
      ...parts,
    });
    await rotate();
    provider.revoke('id-1');
    const { steps } = await rotate();
    expect(steps.at(-1)).toMatchObject({
      step: 'finishSecret',
      error: { message: expect.stringContaining('409') },
    });
    expect(await holds('AWSCURRENT')).toBe('id-2');
  });
});

test('a gateway that refuses every key proves no end: nothing is promoted, and the next attempt finds out', async () => {
  const provider = providerOf();
  let isClosed = false;
  const { rotate, reattempt, holds } = await keyRig(provider, {
    revoke: () => {
      isClosed = true;
    },
    probe: ({ key }) => (!isClosed && provider.accepts(key) ? 'accepted' : 'rejected'),
  });
  await rotate();
  expect((await rotate()).steps.at(-1)).toMatchObject({
    step: 'finishSecret',
    error: { code: 'ERR_CREDENTIAL_REJECTED', message: expect.stringContaining('AWSPENDING') },
  });
  expect(await holds('AWSCURRENT')).toBe('id-2');
  isClosed = false;
  provider.revoke('id-1');
  expect(await reattempt()).toMatchObject({ outcome: 'failed' });
});

describe('AWSCURRENT’s key whose record somebody has deleted, and which works on', () => {
  test.each<[string, Partial<KeyDeclaration>]>([
    ['finishSecret', {}],
    ['createSecret', { maxKeys: 3 }],
  ])('is a warning in %s where keys are declared to end late', async (step, parts) => {
    const provider = providerOf();
    const { rotate, holds, log } = await keyRig(provider, { ...lingering(provider), ends: 'late', ...parts });
    await rotate();
    provider.revoke('id-2');
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await holds('AWSCURRENT')).toBe('id-3');
    const last = log.findLast((entry) => entry.step === step);
    expect(last?.warnings?.[0]).toContain('does not show AWSCURRENT’s');
  });

  test('is an error elsewhere, which names what to declare', async () => {
    const provider = providerOf();
    const { rotate, holds } = await keyRig(provider, lingering(provider));
    await rotate();
    provider.revoke('id-2');
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      hint: expect.stringContaining('`ends`'),
    });
    expect(await holds('AWSCURRENT')).toBe('id-2');
  });
});

test('a rotation that somebody gives up while an ended key is waited for is not finished', async () => {
  const provider = providerOf();
  const ended = new Set<unknown>();
  let until = 0;
  const { rotate, holds, secrets } = await keyRig(provider, {
    async revoke(id) {
      ended.add(provider.keys.get(id)?.key);
      provider.revoke(id);
      until = performance.now() + 900;
      const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'app/key' });
      const [pending] = Object.entries(VersionIdsToStages).find(([, labels]) =>
        labels.includes('AWSPENDING'),
      )!;
      await secrets.updateSecretVersionStage({
        ...{ SecretId: 'app/key', VersionStage: 'AWSPENDING', RemoveFromVersionId: pending },
      });
    },
    probe: ({ key }) =>
      provider.accepts(key) || (ended.has(key) && performance.now() < until) ? 'accepted' : 'rejected',
  });
  await rotate();
  expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
  expect(await holds('AWSCURRENT')).toBe('id-2');
  expect(live(provider)).toEqual(['id-2', 'id-3']);
});

describe('an id gives the key away', () => {
  test.each<[string, (key: string) => string]>([
    ['behind something else, in base64', (key) => `x.${Buffer.from(key).toString('base64')}`],
    ['behind something else, in hex', (key) => `id-${Buffer.from(key).toString('hex')}`],
    ['in capitals', (key) => key.toUpperCase()],
    ['but for its last characters', (key) => key.slice(0, -4)],
  ])('%s: it is refused, and what was issued is discarded', async (_, idOf) => {
    const provider = providerOf();
    const { rotate, log } = await keyRig(provider, {
      issue(name) {
        const { id, key } = provider.issue(name);
        provider.keys.set(idOf(key), provider.keys.get(id)!);
        provider.keys.delete(id);
        return { id: idOf(key), key };
      },
    });
    const { steps } = await rotate();
    expect(steps.at(-1)).toMatchObject({ step: 'createSecret', error: { code: 'ERR_ROTATOR_FAILED' } });
    expect(leaks(allOf([steps, log]), idOf('the key with the number 2'))).toBeUndefined();
    expect(live(provider)).toEqual(['id-1']);
  });
});

test('an error that there is no room names some of the keys, however many there are', async () => {
  const provider = providerOf();
  const { rotate } = await keyRig(provider, { maxKeys: 1001 });
  for (let other = 0; other < 1000; other++) provider.issue(`other ${other}`);
  const error = (await rotate()).steps.at(-1)?.error;
  expect(error).toMatchObject({
    code: 'ERR_SERVICE_FULL',
    message: expect.stringMatching(/id-50 and 951 more$/),
  });
});
