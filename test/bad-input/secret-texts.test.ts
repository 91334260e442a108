import fc from 'fast-check';
import { type DoorRig, doorRig } from '../support/door-rig.js';
import { PASSWORD } from './corpus.js';
import { ending } from './ending.js';
import { anyString, runs } from './runs.js';

/** A name or a value with all that a text may hold. */
const anyText = fc.oneof(
  anyString(30),
  fc.string({
    unit: fc.constantFrom('☃', '\0', '\u202e', '\ud800', '\udc00', '"', '\\', '\r\n'),
    maxLength: 30,
  }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'user', 'AWSPENDING', '\ufeff', '{}'),
);
/** The text of a secret that can be rotated, as no two writers of JSON would write it. */
const secretText = fc
  .record({
    kept: fc.dictionary(anyText, fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }), { maxKeys: 5 }),
    space: fc.constantFrom('', ' ', '\t', '\r\n  '),
    name: fc.constantFrom('"password"', '"p\\u0061ssword"', '"\\u0070assw\\u006Frd"'),
  })
  .map(({ kept: { user: _, password: __, ...kept }, space, name }) => {
    const members = Object.entries(kept).map(([key, value]) => [
      JSON.stringify(key),
      JSON.stringify(value, null, space),
    ]);
    const own = [
      ['"user"', '"app"'],
      [name, JSON.stringify(PASSWORD)],
    ];
    const all = [...members.slice(0, 2), ...own, ...members.slice(2)].map((pair) =>
      pair.join(`${space}:${space}`),
    );
    return `${space}{${all.join(`${space},`)}}${space}`;
  });

async function currentOf({ secrets }: DoorRig): Promise<string | undefined> {
  return (await secrets.getSecretValue({ SecretId: 'door' })).SecretString;
}

test('whatever is kept in a secret survives a rotation to the byte', async () => {
  await fc.assert(
    fc.asyncProperty(secretText, async (secretString) => {
      const rigged = await doorRig({ secretString });
      rigged.door.password = PASSWORD;
      await rigged.begin();
      expect(await rigged.run()).toMatchObject({ outcome: 'succeeded' });
      const now = JSON.stringify(rigged.door.password);
      const expected = secretString.replace(JSON.stringify(PASSWORD), () => now);
      expect(await currentOf(rigged)).toBe(expected);
    }),
    runs(30),
  );
});

test('a text that was damaged on its way is refused, or rotates; it is never stored in part', async () => {
  const damage = fc.record({ at: fc.nat(200), cut: fc.nat(20), put: anyText });
  await fc.assert(
    fc.asyncProperty(secretText, damage, async (text, { at, cut, put }) => {
      const secretString = text.slice(0, at) + put + text.slice(at + cut);
      const rigged = await doorRig({ secretString: secretString || ' ' });
      await rigged.begin();
      const error = await ending(rigged.deliver('createSecret'), { values: [PASSWORD], log: rigged.log });
      expect(await currentOf(rigged)).toBe(secretString || ' ');
      const labelled = Object.values(await rigged.labels()).flat();
      expect(labelled.toSorted()).toEqual(['AWSCURRENT', 'AWSPENDING']);
      const pending = rigged.secrets.getSecretValue({ SecretId: 'door', VersionStage: 'AWSPENDING' });
      if (error) await expect(pending).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      else
        expect(JSON.parse((await pending).SecretString ?? '')).toMatchObject({
          password: expect.stringMatching(/^fresh/),
        });
    }),
    runs(30),
  );
});
