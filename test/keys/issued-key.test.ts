import { inspect } from 'node:util';
import {
  type IssuedKey,
  issuedKey,
  RotationError,
  replacedKey,
  type Step,
  stringField,
} from '../../src/index.js';
import { LocalSecretsManager, rig } from '../../src/testing/index.js';
import { allOf, leaks, rejection } from '../support/errors.js';
import { serviceError } from '../support/faulty-client.js';
import { KeyProvider } from '../support/key-provider.js';
import { type KeyDeclaration, type KeyRig, type KeySecret, keyRig, keysOf } from '../support/key-rig.js';
import { contractOfKeys } from '../testing/contracts.js';

const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
const SIXTEEN_MINUTES = 960_000;

/** A provider whose clock ticks with each key. */
function providerOf(options: { readonly hasNames?: boolean; readonly limit?: number } = {}): KeyProvider {
  let now = Date.now();
  return new KeyProvider({ ...options, now: () => ++now });
}

const live = (provider: KeyProvider) => [...provider.keys.keys()];

/** Makes a key look as if it had been issued so long ago. */
function age(provider: KeyProvider, id: string, ms: number): void {
  const key = provider.keys.get(id)!;
  provider.keys.set(id, { ...key, createdAt: new Date(key.createdAt.getTime() - ms) });
}

describe('the contract', () => {
  test.each(contractOfKeys())('$name', ({ run }) => run());
});

describe('a rotation', () => {
  test('leaves two keys live, and ends the one before them, who ever made it', async () => {
    const provider = providerOf();
    const revoked: string[] = [];
    const { rotate, holds } = await keyRig(provider, {
      revoke(id) {
        revoked.push(id);
        provider.revoke(id);
      },
    });
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(live(provider)).toEqual([await holds('AWSPREVIOUS'), await holds('AWSCURRENT')]);
    }
    expect(live(provider)).toEqual(['id-3', 'id-4']);
    expect(revoked).toEqual(['id-1', 'id-2']);
  });

  test('names a key after the secret, the token and the attempt', async () => {
    const provider = providerOf();
    const { begin, run, secrets } = await keyRig(provider);
    const token = await begin();
    await run();
    const { ARN = '' } = await secrets.describeSecret({ SecretId: 'app/key' });
    const name = provider.keys.get('id-2')?.name ?? '';
    expect(name.slice(0, -8)).toBe(`app-key-${ARN.slice(-6)}-${token}-`);
    expect(name.slice(-8)).toMatch(/^[0-9a-f]{8}$/);
  });

  test('makes 17 calls to Secrets Manager, 2 of them writes', async () => {
    const { rotate, client } = await keyRig(providerOf());
    await rotate();
    client.calls.length = 0;
    await rotate();
    expect([client.calls.length, client.writes().length]).toEqual([17, 2]);
  });

  test('lets nothing of a key out when the provider quotes it', async () => {
    const provider = providerOf();
    const { begin, run, log } = await keyRig(provider, {
      issuesWithItsOwnKey: () => true,
      probe({ key }, { warn }) {
        warn(`tried ${key}`);
        throw new Error(`no answer for ${key}`);
      },
    });
    await begin();
    const { steps } = await run();
    const told = allOf(steps.at(-1)?.error) + inspect(log);
    expect(told).toContain('no answer for');
    expect(leaks(told, 'the key with the number 2')).toBeUndefined();
  });
});

describe('an id', () => {
  test('that is the key is refused when the rotator is made: messages show ids', () => {
    const parts = { id: 'key', rotates: ['key'] } as const;
    expect(() => issuedKey({ ...keysOf(providerOf()), ...parts })).toThrow(TypeError);
  });

  test('that holds the key is refused when it comes, and what was issued is discarded', async () => {
    const provider = providerOf();
    const { rotate, log } = await keyRig(provider, {
      issue(name) {
        const { key } = provider.issue(name);
        const issued = provider.keys.get('id-2')!;
        provider.keys.set(`id of ${key}`, issued);
        provider.keys.delete('id-2');
        return { id: `id of ${key}`, key };
      },
    });
    const { steps } = await rotate();
    expect(steps.at(-1)).toMatchObject({ step: 'createSecret', error: { code: 'ERR_ROTATOR_FAILED' } });
    expect(leaks(allOf([steps, log]), 'the key with the number 2')).toBeUndefined();
    expect(live(provider)).toEqual(['id-1']);
  });

  test('of AWSCURRENT that is its key is refused, and not told', async () => {
    const provider = providerOf();
    provider.issue('somebody else’s');
    const secrets = new LocalSecretsManager();
    const { rotate, log } = await rig(issuedKey(keysOf(provider)), {
      secret: { id: 'the key with the number 1', key: 'the key with the number 1' },
      secrets,
    });
    const { steps } = await rotate();
    expect(steps.at(-1)?.error).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    expect(leaks(allOf([steps, log]), 'the key with the number 1')).toBeUndefined();
  });
});

describe('AWSCURRENT’s key is tried in createSecret', () => {
  /** A rotator that counts its requests. */
  async function counted(provider: KeyProvider, parts: Partial<KeyDeclaration> = {}) {
    const calls: string[] = [];
    const counting =
      <Given extends unknown[], Answer>(name: string, ask: (...given: Given) => Answer) =>
      (...given: Given): Answer => {
        calls.push(name);
        return ask(...given);
      };
    const { issue, list, revoke, probe } = keysOf(provider, parts);
    const rigged = await keyRig(provider, {
      ...parts,
      issue: counting('issue', issue),
      list: counting('list', list),
      revoke: counting('revoke', revoke),
      probe: counting('probe', probe),
    });
    return { ...rigged, calls };
  }

  test('once, before the next is issued', async () => {
    const { begin, deliver, calls } = await counted(providerOf());
    await begin();
    await deliver('createSecret');
    expect(calls).toEqual(['probe', 'issue']);
  });

  test.each<[string, Partial<KeyDeclaration>]>([
    ['any number of keys', {}],
    ['two keys at most', { maxKeys: 2 }],
    [
      'two keys at most, although it is said to prove itself',
      { maxKeys: 2, issuesWithItsOwnKey: () => true },
    ],
  ])('and if it is dead, nothing is issued or ended, with %s', async (_, parts) => {
    const provider = providerOf();
    const { rotate, reattempt, holds, calls } = await counted(provider, parts);
    await rotate();
    provider.revoke('id-2');
    provider.issue('somebody else’s');
    calls.length = 0;
    for (const attempt of [rotate, reattempt]) {
      expect((await attempt()).steps).toMatchObject([
        {
          step: 'createSecret',
          error: { code: 'ERR_CREDENTIAL_REJECTED', hint: expect.stringContaining('nothing was changed') },
        },
      ]);
    }
    expect(calls).toEqual(['probe', 'probe']);
    expect(live(provider)).toEqual(['id-1', 'id-3']);
    expect(await holds('AWSCURRENT')).toBe('id-2');
  });

  test('and if nobody can say whether it lives, nothing is issued or ended either', async () => {
    const provider = providerOf();
    let isDown = false;
    const { rotate, reattempt, calls } = await counted(provider, {
      maxKeys: 2,
      probe({ key }) {
        if (isDown) throw new Error('503');
        return provider.accepts(key) ? 'accepted' : 'rejected';
      },
    });
    await rotate();
    isDown = true;
    calls.length = 0;
    expect((await rotate()).steps).toMatchObject([
      { step: 'createSecret', error: { code: 'ERR_ROTATOR_FAILED', cause: { message: '503' } } },
    ]);
    expect(calls).toEqual(['probe']);
    expect(live(provider)).toEqual(['id-1', 'id-2']);
    isDown = false;
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toEqual(['id-2', 'id-3']);
  });

  test('but not if it alone authorises the next: a dead one makes none', async () => {
    const provider = providerOf();
    const asked: string[] = [];
    const { begin, deliver, reattempt, calls } = await counted(provider, {
      issuesWithItsOwnKey: ({ id }) => asked.push(id) > 0,
      issue(name, { key }) {
        if (!provider.accepts(key)) throw new Error('401');
        return provider.issue(name);
      },
    });
    await begin();
    await deliver('createSecret');
    expect(calls).toEqual(['issue']);
    expect(asked).toEqual(['id-1']);
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    provider.revoke('id-2');
    await begin();
    await rejection(deliver('createSecret'));
    expect(live(provider)).toEqual(['id-1']);
  });

  test('and the rotator may say in its own words that it is dead', async () => {
    const provider = providerOf();
    const { rotate } = await keyRig(provider, {
      deadKey: ({ id }) => new RotationError('ERR_CREDENTIAL_REJECTED', `the desk knows no key ${id}`),
    });
    provider.revoke('id-1');
    const [step] = (await rotate()).steps;
    expect(step?.error).toMatchObject({ message: 'the desk knows no key id-1' });
  });
});

describe('what an attempt leaves behind', () => {
  test.each([
    ['lost before it took effect', 'before', 3],
    ['lost after it took effect', 'after', 2],
  ] as const)(
    'when PutSecretValue was %s is not touched, and swept in finishSecret',
    async (_, when, issued) => {
      const provider = providerOf();
      const { begin, run, reattempt, client, holds } = await keyRig(provider);
      await begin();
      client.fail('putSecretValue', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), {
        when,
      });
      expect(await run()).toMatchObject({ outcome: 'failed' });
      expect(live(provider)).toEqual(['id-1', 'id-2']);
      expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(await holds('AWSCURRENT')).toBe(`id-${issued}`);
      expect(live(provider)).toEqual(['id-1', `id-${issued}`]);
    },
  );

  test.each(['AccessDeniedException', 'ResourceExistsException'])(
    'is discarded at once when PutSecretValue was refused with %s: it is certainly not stored',
    async (name) => {
      const provider = providerOf();
      const { begin, deliver, client, holds } = await keyRig(provider);
      await begin();
      client.fail('putSecretValue', serviceError(name));
      await deliver('createSecret').catch(() => {});
      expect(live(provider)).toEqual(['id-1']);
      expect(await holds('AWSCURRENT')).toBe('id-1');
    },
  );

  test('is not AWSCURRENT’s key, when what was issued has no id', async () => {
    const provider = providerOf();
    const { rotate } = await keyRig(provider, {
      issue: (name) => ({ key: provider.issue(name).key }) as KeySecret,
    });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_ROTATOR_FAILED' });
    expect(live(provider)).toEqual(['id-1', 'id-2']);
  });

  test('is discarded by its id, even if nothing else of what was issued can be read', async () => {
    const provider = providerOf();
    const { rotate } = await keyRig(provider, {
      issue: (name) => ({ ...provider.issue(name), key: 12345678 as never }),
    });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_ROTATOR_FAILED' });
    expect(live(provider)).toEqual(['id-1']);
  });

  test('is swept by the next rotation when its own was given up', async () => {
    const provider = providerOf();
    const { begin, deliver, rotate, secrets } = await keyRig(provider);
    await rotate();
    const token = await begin();
    await deliver('createSecret');
    await secrets.cancelRotateSecret({ SecretId: 'app/key' });
    const label = { SecretId: 'app/key', VersionStage: 'AWSPENDING', RemoveFromVersionId: token };
    await secrets.updateSecretVersionStage(label);
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3']);
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toEqual(['id-2', 'id-4']);
  });

  test.each([
    ['a token', 100],
    ['a hash of it', 40],
  ])(
    'is not looked for among keys of other secrets, or with names of other forms than with %s',
    async (_, nameLength) => {
      const provider = providerOf();
      const { begin, run, reattempt, client, secrets } = await keyRig(provider, { nameLength }, 'a');
      await begin();
      client.fail('putSecretValue', new Error('socket hang up'));
      await run();
      const { ARN = '' } = await secrets.describeSecret({ SecretId: 'a' });
      const secret = ARN.slice(ARN.lastIndexOf(':') + 1);
      const name = provider.keys.get('id-2')?.name ?? '';
      const rest = name.slice(secret.length);
      expect(name).toBe(secret + rest);
      for (const other of [
        `a${rest}`,
        name.slice(0, -9),
        `${name}-old`,
        `${secret}-b-AbCdEf${rest}`,
        `${secret}-AbCdEf${rest}`,
        secret,
        '',
      ]) {
        provider.issue(other);
      }
      expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.keys.has('id-2')).toBe(false);
      expect(live(provider)).toHaveLength(9);
    },
  );

  test.each([
    ['newer', 1],
    ['no older', 0],
  ])(
    'a %s key of another rotation is not taken for it: that rotation may be about to store it',
    async (_, ms) => {
      const provider = providerOf();
      let later = '';
      const { begin, run } = await keyRig(provider, {
        list() {
          const { name = '', createdAt } = provider.keys.get('id-2')!;
          const another = name.replace(/[0-9a-f-]{36}-[0-9a-f]{8}$/, `${'9'.repeat(36)}-00000000`);
          later ||= provider.issue(another).id;
          const key = provider.keys.get(later)!;
          provider.keys.set(later, { ...key, createdAt: new Date(createdAt.getTime() + ms) });
          return provider.list();
        },
      });
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
      expect(live(provider)).toEqual(['id-1', 'id-2', later]);
    },
  );

  test('is not looked for among keys of a secret whose long name begins alike', async () => {
    const provider = providerOf();
    const alike = 'a-very-long-name-of-a-secret/'.repeat(10);
    const first = await keyRig(provider, {}, `${alike}1`);
    const second = await keyRig(provider, {}, `${alike}2`);
    await first.rotate();
    for (let rotation = 1; rotation <= 2; rotation++) await second.rotate();
    expect(live(provider)).toEqual(['id-1', 'id-3', 'id-4', 'id-5']);
  });
});

describe('a key that a labelled version holds', () => {
  test('lives as long as the label, however many rotations come', async () => {
    const provider = providerOf();
    const { rotate, secrets, holds } = await keyRig(provider);
    await rotate();
    const { VersionId } = await secrets.getSecretValue({ SecretId: 'app/key' });
    const pinned = { SecretId: 'app/key', VersionStage: 'PINNED' };
    await secrets.updateSecretVersionStage({ ...pinned, MoveToVersionId: VersionId });
    for (let rotation = 1; rotation <= 3; rotation++) await rotate();
    expect(live(provider)).toEqual(['id-2', 'id-4', 'id-5']);
    expect(await holds('PINNED')).toBe('id-2');
    await secrets.updateSecretVersionStage({ ...pinned, RemoveFromVersionId: VersionId });
    await rotate();
    expect(live(provider)).toEqual(['id-5', 'id-6']);
  });

  test('lives if its version got another label only when it was AWSPREVIOUS already', async () => {
    const provider = providerOf();
    const { rotate, secrets } = await keyRig(provider);
    await rotate();
    const { VersionId: MoveToVersionId } = await secrets.getSecretValue({
      SecretId: 'app/key',
      VersionStage: 'AWSPREVIOUS',
    });
    await secrets.updateSecretVersionStage({ SecretId: 'app/key', VersionStage: 'PINNED', MoveToVersionId });
    await rotate();
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3']);
  });

  test('may be AWSPREVIOUS’s, if another version cannot be read', async () => {
    const provider = providerOf();
    const { rotate, secrets, warnings } = await keyRig(provider);
    await rotate();
    const pinned = { SecretId: 'app/key', SecretString: 'no JSON', VersionStages: ['PINNED'] };
    const { VersionId = '' } = await secrets.putSecretValue(pinned);
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3']);
    expect(warnings()).toEqual([expect.stringContaining(VersionId)]);
  });

  test('is not revoked when AWSPREVIOUS holds it too', async () => {
    const provider = providerOf();
    const { rotate, secrets, holds } = await keyRig(provider);
    const { SecretString } = await secrets.getSecretValue({ SecretId: 'app/key' });
    await secrets.putSecretValue({ SecretId: 'app/key', SecretString: `${SecretString} ` });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await holds('AWSPREVIOUS')).toBe('id-1');
    expect(live(provider)).toEqual(['id-1', 'id-2']);
  });

  test('may be any of an earlier rotation, if a version cannot be read: then none of them is revoked', async () => {
    const provider = providerOf();
    const { rotate, begin, run, reattempt, deliver, client, secrets, warnings } = await keyRig(provider);
    await rotate();
    await begin();
    await deliver('createSecret');
    // A value put by hand ends a rotation: its key is left over.
    const { SecretString } = await secrets.getSecretValue({ SecretId: 'app/key' });
    await secrets.putSecretValue({ SecretId: 'app/key', SecretString });
    const { VersionId = '' } = await secrets.putSecretValue({
      SecretId: 'app/key',
      SecretString: 'no JSON',
      VersionStages: ['PINNED'],
    });
    await begin();
    client.fail('putSecretValue', new Error('socket hang up'));
    await run();
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3', 'id-5']);
    expect(warnings()).toEqual([expect.stringContaining(VersionId)]);
    await secrets.updateSecretVersionStage({
      SecretId: 'app/key',
      VersionStage: 'PINNED',
      RemoveFromVersionId: VersionId,
    });
    await rotate();
    // The first was made by hand, and has no name by which it could be found.
    expect(live(provider)).toEqual(['id-1', 'id-5', 'id-6']);
  });

  test('is AWSPENDING’s, even if its value cannot be seen yet when finishSecret looks', async () => {
    const provider = providerOf();
    const { begin, deliver, client, holds } = await keyRig(provider);
    const token = await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    client.fail('getSecretValue', serviceError('ResourceNotFoundException'), {
      matches: ({ VersionId, VersionStage }) => VersionId === token && VersionStage === undefined,
    });
    await deliver('finishSecret');
    expect(await holds('AWSCURRENT')).toBe('id-2');
    expect(live(provider)).toEqual(['id-1', 'id-2']);
  });
});

describe('finishSecret', () => {
  test.each(['list', 'revoke'] as const)(
    'fails before the move when %s does, and does the rest when it is repeated',
    async (broken) => {
      const provider = providerOf();
      let isBroken = false;
      const fails = <T>(name: string, work: () => T): T => {
        if (isBroken && name === broken) throw new Error('503');
        return work();
      };
      const { rotate, reattempt, holds } = await keyRig(provider, {
        list: () => fails('list', () => provider.list()),
        revoke: (id) => fails('revoke', () => void provider.revoke(id)),
      });
      await rotate();
      isBroken = true;
      expect(await rotate()).toMatchObject({ outcome: 'failed' });
      expect(await holds('AWSCURRENT')).toBe('id-2');
      expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3']);
      isBroken = false;
      expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(live(provider)).toEqual(['id-2', 'id-3']);
    },
  );

  /** A rotation under way, after others, and what happens while finishSecret waits for the list of keys. */
  async function whileListing(event: (rigged: KeyRig, token: string) => Promise<void>, rotations = 1) {
    const provider = providerOf();
    let happen = async () => {};
    const rigged = await keyRig(provider, {
      async list() {
        const now = happen;
        happen = async () => {};
        await now();
        return provider.list();
      },
    });
    for (let rotation = 1; rotation <= rotations; rotation++) await rigged.rotate();
    const token = await rigged.begin();
    happen = () => event(rigged, token);
    for (const step of STEPS.slice(0, 3)) await rigged.deliver(step);
    return { ...rigged, provider };
  }

  test.each<[string, string, (rigged: KeyRig, token: string) => Promise<unknown>]>([
    [
      'AWSCURRENT has moved back',
      'ERR_CURRENT_MOVED',
      async ({ secrets }) => {
        const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'app/key' });
        const [MoveToVersionId, RemoveFromVersionId] = Object.keys(VersionIdsToStages);
        const move = { VersionStage: 'AWSCURRENT', MoveToVersionId, RemoveFromVersionId };
        await secrets.updateSecretVersionStage({ SecretId: 'app/key', ...move });
      },
    ],
    [
      'AWSPENDING was taken away',
      'ERR_ROTATION_ABANDONED',
      ({ secrets }, RemoveFromVersionId) =>
        secrets.updateSecretVersionStage({
          SecretId: 'app/key',
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId,
        }),
    ],
    [
      'another value was stored',
      'ERR_ROTATION_ABANDONED',
      ({ secrets }) => secrets.putSecretValue({ SecretId: 'app/key', SecretString: '{"id":"0","key":"k"}' }),
    ],
  ])('revokes nothing when %s since the step began', async (_, code, event) => {
    const { deliver, provider } = await whileListing(
      async (rigged, token) => void (await event(rigged, token)),
    );
    expect(await rejection(deliver('finishSecret'))).toMatchObject({ code });
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3']);
  });

  test('revokes nothing when AWSCURRENT has moved to a version of another key: AWSPREVIOUS is not what it was', async () => {
    const { deliver, provider } = await whileListing(async ({ secrets }) => {
      const { VersionId: MoveToVersionId } = await secrets.putSecretValue({
        SecretId: 'app/key',
        SecretString: '{"id":"id-0","key":"of elsewhere"}',
        VersionStages: ['MINE'],
      });
      const { VersionId: RemoveFromVersionId } = await secrets.getSecretValue({ SecretId: 'app/key' });
      const move = { VersionStage: 'AWSCURRENT', MoveToVersionId, RemoveFromVersionId };
      await secrets.updateSecretVersionStage({ SecretId: 'app/key', ...move });
    }, 2);
    expect(await rejection(deliver('finishSecret'))).toMatchObject({ code: 'ERR_CURRENT_MOVED' });
    expect(live(provider)).toEqual(['id-2', 'id-3', 'id-4']);
  });

  test('revokes nothing more when another delivery has finished meanwhile, and succeeds', async () => {
    const { deliver, provider, log, holds } = await whileListing(({ deliver }) => deliver('finishSecret'));
    await deliver('finishSecret');
    expect(log.at(-1)).toMatchObject({ step: 'finishSecret', outcome: 'promoted' });
    expect(await holds('AWSPREVIOUS')).toBe('id-2');
    expect(live(provider)).toEqual(['id-2', 'id-3']);
  });

  test('fails before the move, and revokes nothing, when a version could not be read just now', async () => {
    const provider = providerOf();
    const { rotate, begin, deliver, client, holds } = await keyRig(provider);
    await rotate();
    await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    client.fail('getSecretValue', serviceError('ThrottlingException'), {
      matches: ({ VersionStage }) => VersionStage === undefined,
    });
    expect(await rejection(deliver('finishSecret'))).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
    expect(await holds('AWSCURRENT')).toBe('id-2');
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3']);
  });

  test('does not mind that a key of somebody else has no name', async () => {
    const provider = providerOf();
    const { rotate, warnings } = await keyRig(provider, {
      list: () => provider.list().map((key) => (key.id === 'id-1' ? { ...key, name: undefined } : key)),
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([]);
  });

  test('says that leftovers cannot be found where the provider keeps no names', async () => {
    const { rotate, warnings } = await keyRig(providerOf({ hasNames: false }));
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([expect.stringContaining('list() returns no name')]);
  });
});

describe('a provider of two keys at most', () => {
  const two = { maxKeys: 2 } as const;

  test.each([
    ['with names', true, two],
    ['without names', false, { ...two, ownsEveryKey: true }],
  ])('%s: AWSPREVIOUS makes room for the next', async (_, hasNames, parts) => {
    const provider = providerOf({ hasNames, limit: 2 });
    const { rotate, holds, warnings } = await keyRig(provider, parts);
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(live(provider)).toEqual([await holds('AWSPREVIOUS'), await holds('AWSCURRENT')]);
    }
    expect(warnings()).toEqual([]);
  });

  test.each([
    ['with names', true, two],
    ['without names', false, { ...two, ownsEveryKey: true }],
  ])('%s: a leftover makes room once no function can store it any more', async (_, hasNames, parts) => {
    const provider = providerOf({ hasNames, limit: 2 });
    const { begin, run, reattempt, client, holds } = await keyRig(provider, parts);
    await begin();
    client.fail('putSecretValue', new Error('socket hang up'));
    await run();
    const { steps } = await reattempt();
    expect(steps).toMatchObject([
      {
        error: {
          code: 'ERR_SERVICE_FULL',
          message: expect.stringContaining('id-1, id-2'),
          hint: expect.stringContaining('Do not revoke those in the secret’s versions: id-1.'),
        },
      },
    ]);
    expect(live(provider)).toEqual(['id-1', 'id-2']);
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + SIXTEEN_MINUTES);
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    jest.restoreAllMocks();
    expect(live(provider)).toEqual(['id-1', 'id-3']);
    expect(await holds('AWSCURRENT')).toBe('id-3');
  });

  test.each([
    ['keys have names', true, {}, /15 minutes/],
    ['all keys are its own', false, { ownsEveryKey: true }, /15 minutes/],
    ['a leftover cannot be told from another', false, {}, /^(?!.*15 minutes)/],
  ])(
    'that is full promises to revoke what is left over only if that can be recognised: %s',
    async (_, hasNames, parts, hint) => {
      const provider = providerOf({ hasNames, limit: 2 });
      const { begin, run, reattempt, client, secrets } = await keyRig(provider, { ...two, ...parts });
      await begin();
      client.fail('putSecretValue', new Error('socket hang up'));
      await run();
      const error = (await reattempt()).steps.at(-1)?.error;
      expect(error).toMatchObject({ code: 'ERR_SERVICE_FULL', hint: expect.stringMatching(hint) });
      expect(error).toMatchObject({
        hint: expect.stringMatching(/Do not revoke those in the secret’s versions: id-1(\.|$)/),
      });
      const pinned = { SecretId: 'app/key', SecretString: 'no JSON', VersionStages: ['PINNED'] };
      const { VersionId } = await secrets.putSecretValue(pinned);
      expect((await reattempt()).steps.at(-1)?.error).toMatchObject({
        hint: expect.stringContaining(
          `versions: id-1; version ${VersionId} is malformed and may hold another`,
        ),
      });
      expect(live(provider)).toEqual(['id-1', 'id-2']);
    },
  );

  test('no more room is made than one key needs', async () => {
    const provider = providerOf({ limit: 3 });
    const { rotate, begin, deliver, client } = await keyRig(provider, { maxKeys: 3 });
    await rotate();
    await begin();
    client.fail('putSecretValue', new Error('socket hang up'));
    await rejection(deliver('createSecret'));
    age(provider, 'id-3', SIXTEEN_MINUTES);
    await deliver('createSecret');
    expect(live(provider)).toEqual(['id-2', 'id-3', 'id-4']);
  });

  test('while there is room, nothing is ended in createSecret, and no version is looked at', async () => {
    const provider = providerOf({ limit: 5 });
    const { rotate, begin, deliver, client } = await keyRig(provider, { maxKeys: 5 });
    await rotate();
    await begin();
    for (const stray of ['id-3', 'id-4']) {
      client.fail('putSecretValue', new Error('socket hang up'));
      await rejection(deliver('createSecret'));
      age(provider, stray, SIXTEEN_MINUTES);
    }
    client.calls.length = 0;
    await deliver('createSecret');
    expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3', 'id-4', 'id-5']);
    expect(client.calls).toHaveLength(4);
  });

  test('createSecret ends and makes nothing when another delivery has finished meanwhile', async () => {
    const provider = providerOf({ limit: 2 });
    let meanwhile = async () => {};
    const { rotate, begin, deliver, holds } = await keyRig(provider, {
      ...two,
      async list() {
        const now = meanwhile;
        meanwhile = async () => {};
        await now();
        return provider.list();
      },
    });
    await rotate();
    await begin();
    meanwhile = async () => {
      for (const step of STEPS) await deliver(step);
    };
    expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_CURRENT_MOVED' });
    expect(await holds('AWSCURRENT')).toBe('id-3');
    expect(live(provider)).toEqual(['id-2', 'id-3']);
  });

  test('a key that is in nobody’s version and has no name of ours is not revoked to make room', async () => {
    const provider = providerOf({ limit: 2 });
    provider.issue('somebody else’s');
    age(provider, 'id-1', SIXTEEN_MINUTES);
    const { rotate } = await keyRig(provider, two);
    expect(await rotate()).toMatchObject({ outcome: 'failed', steps: [{ step: 'createSecret' }] });
    expect(live(provider)).toEqual(['id-1', 'id-2']);
  });

  test('on a user of its own, a key that is older than AWSCURRENT’s is not taken for a leftover', async () => {
    const provider = providerOf({ hasNames: false, limit: 2 });
    provider.issue('');
    age(provider, 'id-1', SIXTEEN_MINUTES);
    const { rotate } = await keyRig(provider, { ...two, ownsEveryKey: true });
    expect(await rotate()).toMatchObject({ outcome: 'failed' });
    expect(live(provider)).toEqual(['id-1', 'id-2']);
  });
});

describe('a provider that alone knows its limit', () => {
  const untilFull = (provider: KeyProvider): Partial<KeyDeclaration> => ({
    maxKeys: 'until-full',
    issue(name) {
      if (provider.keys.size < 2) return provider.issue(name);
      throw new RotationError('ERR_SERVICE_FULL', 'the desk is full');
    },
  });

  test('has room made when it says that it is full', async () => {
    const provider = providerOf();
    const { rotate, holds } = await keyRig(provider, untilFull(provider));
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(live(provider)).toEqual([await holds('AWSPREVIOUS'), await holds('AWSCURRENT')]);
    }
  });

  test('has nothing ended for a dead AWSCURRENT, or while nothing can go', async () => {
    const provider = providerOf();
    const { rotate, reattempt } = await keyRig(provider, {
      ...untilFull(provider),
      issuesWithItsOwnKey: () => true,
    });
    provider.issue('somebody else’s');
    expect((await rotate()).steps).toMatchObject([{ error: { code: 'ERR_SERVICE_FULL' } }]);
    expect(live(provider)).toEqual(['id-1', 'id-2']);
    provider.revoke('id-1');
    provider.issue('somebody else’s');
    expect((await reattempt()).steps).toMatchObject([{ error: { code: 'ERR_CREDENTIAL_REJECTED' } }]);
    expect(live(provider)).toEqual(['id-2', 'id-3']);
  });
});

test('more keys than maxKeys are no reason to end one: the provider has room', async () => {
  const provider = providerOf();
  const { rotate, warnings } = await keyRig(provider, { maxKeys: 2 });
  for (const name of ['a', 'b', 'c']) provider.issue(name);
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  expect(live(provider)).toEqual(['id-1', 'id-2', 'id-3', 'id-4', 'id-5']);
  expect(warnings()).toEqual([expect.stringContaining('there are already 4 keys')]);
});

describe('on a user of its own', () => {
  async function withStranger(list: (provider: KeyProvider) => ReturnType<KeyProvider['list']>) {
    const provider = providerOf({ hasNames: false });
    const { rotate } = await keyRig(provider, { ownsEveryKey: true, list: () => list(provider) });
    const { createdAt } = provider.keys.get('id-1')!;
    const { id } = provider.issue('');
    provider.keys.set(id, { ...provider.keys.get(id)!, createdAt });
    return { rotate, provider };
  }

  test('a key of the same moment as AWSCURRENT’s is a leftover', async () => {
    const { rotate, provider } = await withStranger((all) => all.list());
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toEqual(['id-1', 'id-3']);
  });

  test('no key is taken for a leftover where AWSCURRENT’s has ended, which told how old it is', async () => {
    const provider = providerOf({ hasNames: false });
    const { begin, deliver } = await keyRig(provider, { ownsEveryKey: true });
    provider.issue('');
    await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    provider.revoke('id-1');
    await deliver('finishSecret');
    expect(live(provider)).toEqual(['id-2', 'id-3']);
  });
});

describe('a list that is cut', () => {
  const cuts = {
    'sorted oldest first': (provider: KeyProvider) => provider.list().slice(0, 3),
    'sorted newest first': (provider: KeyProvider) => provider.list().toReversed().slice(0, 3),
    'without AWSPENDING’s': (provider: KeyProvider) => provider.list().slice(0, -1),
    'without AWSCURRENT’s': (provider: KeyProvider) => provider.list().slice(1),
  };

  test.each(Object.entries(cuts))('is an error, and nothing is ended or promoted: %s', async (_, cut) => {
    const provider = providerOf();
    const { rotate, holds } = await keyRig(provider, { list: () => cut(provider) });
    for (let other = 0; other < 5; other++) provider.issue(`other ${other}`);
    const { steps } = await rotate();
    expect(steps.at(-1)).toMatchObject({
      step: 'finishSecret',
      error: { code: 'ERR_SERVICE_FAILED', message: expect.stringContaining('does not show id-') },
    });
    expect(await holds('AWSCURRENT')).toBe('id-1');
    expect(live(provider)).toHaveLength(7);
  });

  test('makes no room either, where keys are counted', async () => {
    const provider = providerOf();
    const { rotate } = await keyRig(provider, { maxKeys: 2, list: () => provider.list().slice(1) });
    for (let other = 0; other < 3; other++) provider.issue(`other ${other}`);
    expect((await rotate()).steps).toMatchObject([
      { step: 'createSecret', error: { code: 'ERR_SERVICE_FAILED' } },
    ]);
    expect(live(provider)).toHaveLength(4);
  });

  test('is asked for again: it may only be late', async () => {
    const provider = providerOf();
    let isLate = 2;
    const { rotate } = await keyRig(provider, {
      list: () => provider.list().slice(0, isLate-- > 0 ? -1 : undefined),
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is whole without AWSCURRENT’s key if somebody has ended that', async () => {
    const provider = providerOf();
    const { begin, deliver, holds } = await keyRig(provider);
    await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    provider.revoke('id-1');
    await deliver('finishSecret');
    expect(await holds('AWSCURRENT')).toBe('id-2');
  });
});

describe('propagation', () => {
  /** A provider that accepts a new key only when it was asked so often. */
  function slow(provider: KeyProvider, refusals: number): Partial<KeyDeclaration> {
    let left = refusals;
    const isKnown = (id: string) => id === 'id-1' || left-- <= 0;
    return { probe: ({ id, key }) => (provider.accepts(key) && isKnown(id) ? 'accepted' : 'rejected') };
  }

  test('is waited for in testSecret', async () => {
    const provider = providerOf();
    const { rotate } = await keyRig(provider, { ...slow(provider, 2), propagationMs: 5000 });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is not over with one acceptance: the key must be accepted several times in a row', async () => {
    const provider = providerOf();
    // One server knows it, others do not; then one more, then all.
    const answers = [true, false, false, true, true, false];
    const verdicts: boolean[] = [];
    const { begin, deliver } = await keyRig(provider, {
      propagationMs: 5000,
      settleMs: 90,
      probe({ id, key }) {
        if (id === 'id-1') return 'accepted';
        const isKnown = provider.accepts(key) && (answers.shift() ?? true);
        verdicts.push(isKnown);
        return isKnown ? 'accepted' : 'rejected';
      },
    });
    await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    expect(verdicts.length).toBeGreaterThan(8);
    expect(verdicts.slice(-3)).toEqual([true, true, true]);
  });

  test('need not be declared, where it is how long a key must be accepted', async () => {
    const provider = providerOf();
    const answers = [true, false, true, false];
    const { rotate } = await keyRig(provider, {
      settleMs: 2000,
      probe: ({ id, key }) =>
        provider.accepts(key) && (id === 'id-1' || (answers.shift() ?? true)) ? 'accepted' : 'rejected',
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(answers).toEqual([]);
  });

  test('takes as long as a key must be accepted', async () => {
    const provider = providerOf();
    const { begin, deliver } = await keyRig(provider, { propagationMs: 600 });
    await begin();
    await deliver('createSecret');
    const startedAt = performance.now();
    await deliver('testSecret');
    expect(performance.now() - startedAt).toBeGreaterThan(590);
  });

  test.each(['propagationMs', 'settleMs'])('is no negative number: %s', (option) => {
    expect(() => issuedKey({ ...keysOf(providerOf()), [option]: -1 })).toThrow(RangeError);
  });

  test('ends: a key that is rejected for longer is a rejected key', async () => {
    const provider = providerOf();
    const { rotate, holds } = await keyRig(provider, { ...slow(provider, 100), propagationMs: 250 });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    expect(await holds('AWSCURRENT')).toBe('id-1');
  });

  test('that is longer than the step is no rejection', async () => {
    const provider = providerOf();
    const declaration = { ...keysOf(provider), ...slow(provider, 100), propagationMs: 60_000 };
    const secrets = new LocalSecretsManager({ timeoutMs: 1500 });
    const { rotate } = await rig(issuedKey(declaration), { secret: provider.issue(''), secrets });
    expect((await rotate()).steps.at(-1)).toMatchObject({
      step: 'testSecret',
      error: { code: 'ERR_DEADLINE', message: expect.stringContaining('60000 ms') },
    });
  });
});

describe('a key that was ended', () => {
  /** A provider that goes on to take what it has ended, for so many tries. */
  function lingering(
    provider: KeyProvider,
    answers: readonly boolean[],
    after = false,
  ): Partial<KeyDeclaration> {
    const ended = new Map<string, boolean[]>();
    return {
      revoke(id) {
        const key = provider.keys.get(id);
        provider.revoke(id);
        if (key) ended.set(key.key, [...answers]);
      },
      probe({ key }) {
        if (provider.accepts(key)) return 'accepted';
        return (ended.get(key)?.shift() ?? (ended.has(key) && after)) ? 'accepted' : 'rejected';
      },
    };
  }

  test('and still works fails the step, which names it, and the next attempt too', async () => {
    const provider = providerOf();
    const { rotate, reattempt, holds } = await keyRig(provider, lingering(provider, [], true));
    await rotate();
    for (const attempt of [rotate, reattempt]) {
      expect((await attempt()).steps.at(-1)).toMatchObject({
        step: 'finishSecret',
        error: {
          code: 'ERR_KEY_STILL_WORKS',
          message: expect.stringContaining('id-1'),
          hint: expect.stringContaining('"late"'),
        },
      });
    }
    expect(await holds('AWSCURRENT')).toBe('id-2');
  });

  test.each([
    ['a little late', [true, true]],
    ['at one server, and not at others yet', [false, true, false, false, true]],
  ])('%s is waited for', async (_, answers) => {
    const provider = providerOf();
    const { rotate, warnings } = await keyRig(provider, lingering(provider, answers));
    await rotate();
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([]);
  });

  test.each(['late', 'at-expiry'] as const)(
    'and still works is a warning and a metric at a provider that ends keys %s',
    async (ends) => {
      const provider = providerOf();
      const { rotate, warnings, log } = await keyRig(provider, { ...lingering(provider, [], true), ends });
      await rotate();
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(warnings()).toEqual([expect.stringContaining('id-1')]);
      expect(log.at(-1)).toMatchObject({ step: 'finishSecret', endedKeyWorks: 1 });
    },
  );

  test('ends in one of four ways', () => {
    const ends = 'never' as never;
    expect(() => issuedKey({ ...keysOf(providerOf()), ends })).toThrow(
      new TypeError('"ends" must be one of at-once, late, at-expiry, untried'),
    );
  });

  test('is not tried where a refused use does harm', async () => {
    const provider = providerOf();
    const tried: string[] = [];
    const { rotate } = await keyRig(provider, {
      ends: 'untried',
      probe({ key, id }) {
        tried.push(id);
        return provider.accepts(key) ? 'accepted' : 'rejected';
      },
    });
    await rotate();
    tried.length = 0;
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(new Set(tried)).toEqual(new Set(['id-2', 'id-3']));
  });

  test('at a provider that cannot be asked fails the step, unless it ends keys late', async () => {
    for (const [ends, outcome] of [
      ['at-once', 'failed'],
      ['late', 'succeeded'],
    ] as const) {
      const provider = providerOf();
      const { rotate } = await keyRig(provider, {
        ends,
        probe({ key }) {
          if (!provider.accepts(key)) throw new Error('503');
          return 'accepted';
        },
      });
      await rotate();
      expect(await rotate()).toMatchObject({ outcome });
    }
  });

  test('under the id of another, in AWSPREVIOUS, is a warning', async () => {
    const provider = providerOf();
    const { rotate, secrets, warnings } = await keyRig(provider, {
      probe({ key, id }) {
        if (!provider.accepts(key)) return 'rejected';
        if (provider.keys.get(id)?.key === key) return 'accepted';
        throw new RotationError('ERR_SECRET_MALFORMED', 'the id of another key');
      },
    });
    const { key } = provider.issue('of another');
    const { SecretString } = await secrets.getSecretValue({ SecretId: 'app/key' });
    await secrets.putSecretValue({ SecretId: 'app/key', SecretString: JSON.stringify({ id: 'id-0', key }) });
    await secrets.putSecretValue({ SecretId: 'app/key', SecretString });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([expect.stringContaining('id-0')]);
  });
});

describe('names of keys', () => {
  test.each([
    ['a long name of a secret', 'a-very/long+name=of.a@secret'.repeat(10), undefined],
    ['the shortest names', 'app/key', 40],
    ['names in which a token just fits', 'app/key', 60],
    ['names in which it just does not', 'app/key', 59],
  ])('fit the provider, and find the leftovers, with %s', async (_, secretName, nameLength) => {
    const provider = providerOf();
    const parts = nameLength === undefined ? {} : { nameLength };
    const { begin, run, reattempt, rotate, client } = await keyRig(provider, parts, secretName);
    await begin();
    for (const attempt of [run, reattempt]) {
      client.fail('putSecretValue', new Error('socket hang up'));
      await attempt();
    }
    const names = provider.list().map(({ name = '' }) => name);
    expect(new Set(names).size).toBe(3);
    for (const name of names.slice(1)) {
      expect(name.length).toBeLessThanOrEqual(nameLength ?? 100);
      expect(name).toMatch(/^[\w.-]+$/);
    }
    await reattempt();
    expect(live(provider)).toEqual(['id-1', 'id-4']);
    await rotate();
    expect(live(provider)).toEqual(['id-4', 'id-5']);
  });

  // A later release that names keys otherwise would not find what this one has left over.
  test.each([
    ['whole where both just fit', 'a'.repeat(47), 100, /^a{47}-\w{6}-[0-9a-f-]{36}-[0-9a-f]{8}$/],
    ['cut where it does not fit', 'a'.repeat(48), 100, /^a{41}-[0-9a-f]{12}-[0-9a-f-]{36}-[0-9a-f]{8}$/],
    ['cut before the token is', 'a'.repeat(48), 60, /^a-[0-9a-f]{12}-[0-9a-f-]{36}-[0-9a-f]{8}$/],
    ['longer where the token is a hash', 'a'.repeat(48), 59, /^a{20}-[0-9a-f]{12}-[0-9a-f]{16}-[0-9a-f]{8}$/],
  ])('have the name of the secret %s', async (_, secretName, nameLength, form) => {
    const provider = providerOf();
    const { rotate } = await keyRig(provider, { nameLength }, secretName);
    await rotate();
    expect(provider.keys.get('id-2')?.name).toMatch(form);
  });

  test.each([
    ['too long', 'nightly rotation:'.replaceAll(' ', '/').padEnd(64, '+')],
    ['of other characters at its beginning', `/${'n'.repeat(35)}`],
    ['of other characters at its end', `${'n'.repeat(35)}/`],
  ])('are made of a hash where the token is %s', async (_, ClientRequestToken) => {
    const provider = providerOf();
    const { secrets, run, reattempt, begin, client } = await keyRig(provider);
    await begin();
    await run();
    await secrets.rotateSecret({ SecretId: 'app/key', ClientRequestToken });
    client.fail('putSecretValue', new Error('socket hang up'));
    await run();
    expect(provider.keys.get('id-3')?.name).toMatch(/-[0-9a-f]{32}-[0-9a-f]{8}$/);
    await reattempt();
    expect(live(provider)).toEqual(['id-2', 'id-4']);
  });
});

test.each([
  ['nameLength', 39],
  ['nameLength', 99.5],
  ['maxKeys', 1],
  ['propagationMs', -1],
  ['propagationMs', Number.NaN],
])('a declaration with %s %p is refused at once', (option, value) => {
  expect(() => issuedKey({ ...keysOf(providerOf()), [option]: value })).toThrow(RangeError);
});

test('a key may be the whole text of a secret, if its id can be told from it', async () => {
  const provider = providerOf();
  const idOf = (key: string) => `id-${key.split(' ').at(-1)}`;
  const declaration: IssuedKey<KeySecret, 'key'> = {
    ...keysOf(provider),
    rotates: ['key'],
    text: 'key',
    parse: (json) => ({ key: stringField(json, 'key'), id: idOf(stringField(json, 'key')) }),
    issue: (name) => ({ key: provider.issue(name).key }),
  };
  const { begin, deliver, rotate, secretString } = await rig(issuedKey(declaration), {
    secret: provider.issue('made by hand').key,
  });
  for (let rotation = 1; rotation <= 2; rotation++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  }
  expect(await secretString('AWSCURRENT')).toBe('the key with the number 3');
  expect(live(provider)).toEqual(['id-2', 'id-3']);
  await begin();
  // Both at once: one of them has to discard what it made, and nothing else.
  await Promise.all([deliver('createSecret'), deliver('createSecret')]);
  expect(live(provider)).toHaveLength(3);
  expect(live(provider)).toEqual(expect.arrayContaining(['id-2', 'id-3']));
});

describe('a provider that replaces the key', () => {
  async function replacing(isRepeatable: boolean) {
    const provider = providerOf();
    const calls: string[] = [];
    const { rotates, shows, name, parse, probe } = keysOf(provider);
    const rotator = replacedKey({
      ...{ name, rotates, shows, parse, probe, isRepeatable },
      replace({ id }) {
        calls.push(id);
        for (const old of live(provider)) provider.revoke(old);
        return provider.issue('');
      },
    });
    const rigged = await rig(rotator, { secret: provider.issue('') });
    await rigged.begin();
    return { ...rigged, provider, calls };
  }

  test('is rotated, with a warning each time of what is not promised', async () => {
    const { run, log, provider } = await replacing(false);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toEqual(['id-2']);
    expect(log.map(({ step, warnings }) => [step, warnings])).toEqual(
      STEPS.map((step) => [
        step,
        step === 'createSecret'
          ? [expect.stringMatching(/locked out.*no version holds.*by hand/)]
          : undefined,
      ]),
    );
  });

  test('is not called a second time when it punishes that, and the way out is told', async () => {
    const { deliver, secrets, calls, provider } = await replacing(false);
    secrets.inject({ operation: 'PutSecretValue', kind: 'dropped' });
    await rejection(deliver('createSecret'));
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('by hand'),
    });
    expect(calls).toEqual(['id-1']);
    expect(live(provider)).toEqual(['id-2']);
  });

  test('is called again when it allows that', async () => {
    const { run, reattempt, secrets, calls, provider } = await replacing(true);
    secrets.inject({ operation: 'PutSecretValue', kind: 'dropped' });
    expect(await run()).toMatchObject({ outcome: 'failed' });
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(calls).toEqual(['id-1', 'id-1']);
    expect(live(provider)).toEqual(['id-3']);
  });

  test('has its new key not discarded when that was refused: nothing else lives', async () => {
    const { deliver, secrets, provider } = await replacing(true);
    secrets.inject({ operation: 'PutSecretValue', kind: 'throttle' });
    await rejection(deliver('createSecret'));
    expect(live(provider)).toEqual(['id-2']);
  });
});

describe('AWSPREVIOUS', () => {
  const scoped = (provider: KeyProvider) =>
    issuedKey({
      ...keysOf(provider),
      parse: (json: Readonly<Record<string, unknown>>) => ({
        ...keysOf(provider).parse(json),
        account: stringField(json, 'account', 'a'),
      }),
    });

  test.each([
    [
      'is for another account',
      (id: string) => JSON.stringify({ id, key: 'of the other account', account: 'b' }),
    ],
    ['cannot be read', () => '{"nothing":"of ours"}'],
  ])('that %s has no key ended, and a warning says so', async (_, previous) => {
    const provider = providerOf();
    const stranger = provider.issue('a stranger’s');
    const own = provider.issue('made by hand');
    const { secrets, secretId, rotate, log } = await rig(scoped(provider), { secret: previous(stranger.id) });
    await secrets.putSecretValue({ SecretId: secretId, SecretString: JSON.stringify(own) });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(live(provider)).toContain(stranger.id);
    expect(log.at(-1)?.warnings).toEqual([
      expect.stringContaining('if it has a live key, revoke that by hand'),
    ]);
  });
});
