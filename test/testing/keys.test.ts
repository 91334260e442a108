import { issuedKey } from '../../src/index.js';
import type { KeyDeclaration } from '../support/key-rig.js';
import { contractOfKeys, type KeyRotator, said } from './contracts.js';

test.each(contractOfKeys())('a sound rotator of keys $name', ({ run }) => run());

test.each<[string, (keys: KeyDeclaration) => KeyRotator, clause: string, advice: RegExp]>([
  [
    'revokes too early, in finishSecret',
    (keys) => ({
      ...issuedKey(keys),
      async finishSecret({ current }, context) {
        await keys.revoke(current.id, current, context);
      },
    }),
    'keeps AWSCURRENT working at every moment, and AWSPREVIOUS until the next rotation',
    /^finishSecret must leave the old AWSCURRENT working, .*: retire only what previous\(\) holds$/,
  ],
  [
    'revokes too early, in setSecret',
    (keys) => ({
      ...issuedKey(keys),
      async setSecret({ current, pending }, context) {
        await keys.revoke(current.id, pending, context);
      },
    }),
    'keeps AWSCURRENT working at every moment, and AWSPREVIOUS until the next rotation',
    /^setSecret must leave AWSCURRENT working$/,
  ],
  [
    'forgets the token in a key’s name',
    (keys) => issuedKey({ ...keys, issue: (_, current, context) => keys.issue('app', current, context) }),
    'starts over when PutSecretValue failed before it took effect',
    /the service holds 3 credentials: finishSecret must find and end those that earlier attempts left, by the token/,
  ],
  [
    'issues another key on retry, and never looks for the first',
    (keys) => ({
      ...issuedKey(keys),
      async finishSecret({ pending, previous }, context) {
        const old = await previous();
        if (old) await keys.revoke(old.id, pending, context);
      },
    }),
    'starts over when it died after any message',
    /the service holds 3 credentials: finishSecret must find and end those that earlier attempts left/,
  ],
  [
    'swallows the failures of revoke',
    (keys) =>
      issuedKey({
        ...keys,
        ends: 'untried',
        revoke: async (...given) => Promise.resolve(keys.revoke(...given)).catch(() => {}),
      }),
    'starts over when a connection broke before any message arrived',
    /^after message 2 of finishSecret was lost, the service holds 3 credentials/,
  ],
  [
    'ends what an earlier attempt has made, while that is still at it',
    (keys) => ({
      ...issuedKey(keys),
      async createSecret(current, context) {
        const [, ...leftovers] = await keys.list(current, context);
        for (const { id } of leftovers) await keys.revoke(id, current, context);
        return keys.issue(`${context.token}-${Math.random()}`, current, context);
      },
    }),
    'takes createSecret again while an earlier attempt is still at it',
    /, the rotation starts over, and testSecret must succeed: setSecret must set the value that is stored/,
  ],
  [
    'does not look whether what it ends has ended',
    (keys) =>
      issuedKey({ ...keys, ends: 'at-once', revoke: () => {}, list: keys.list, probe: lenient(keys) }),
    'has the service refuse what it has retired, unless it declares when that ends',
    /^the service still accepts a credential that has lost its last label: finishSecret must end it/,
  ],
  [
    'never retires what loses its last label',
    ({ ...keys }) => {
      const { finishSecret: _, ...rest } = issuedKey(keys);
      return rest;
    },
    'rotates again and again',
    /^after rotation 2, the service holds 3 credentials/,
  ],
])('a rotator of keys that %s breaks the clause for it', async (_, fault, clause, advice) => {
  expect(await said(contractOfKeys(fault), clause)).toMatchObject({ message: expect.stringMatching(advice) });
});

test('a rotator whose service ends keys late declares it, and keeps the clause', async () => {
  const name = 'has the service refuse what it has retired, unless it declares when that ends';
  const clauses = contractOfKeys((keys) => issuedKey({ ...keys, ends: 'late', revoke: () => {} }));
  await clauses.find((clause) => clause.name === name)?.run();
  expect(
    await said(
      contractOfKeys((keys) => issuedKey({ ...keys, revoke: () => {} })),
      name,
    ),
  ).toMatchObject({
    message: expect.stringContaining('ERR_KEY_STILL_WORKS'),
  });
});

/** A test of keys that finds each dead but for those which it has made last. */
function lenient(keys: KeyDeclaration): KeyDeclaration['probe'] {
  let newest = 0;
  return ({ id }, context) => {
    const number = Number(id.slice('id-'.length));
    newest = Math.max(newest, number);
    return number < newest - 1
      ? 'rejected'
      : keys.probe({ id, key: `the key with the number ${number}` }, context);
  };
}

test('a rotator whose parse looks at what a key is like is not taken to task for it', async () => {
  const clauses = contractOfKeys((keys) =>
    issuedKey({
      ...keys,
      parse(json) {
        const secret = keys.parse(json);
        if (!/^id-\d+$/.test(secret.id) || !/^the key /.test(secret.key)) throw new TypeError('no key');
        return secret;
      },
    }),
  );
  const clause = clauses.find(
    ({ name }) => name === 'rejects, in testSecret, what the service does not accept',
  );
  await clause?.run();
});
