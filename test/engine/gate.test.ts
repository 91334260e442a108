import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Versions, VersionsContext } from '../../src/index.js';
import { type DoorRotator, doorRig, SECRET } from '../support/door-rig.js';
import { allOf, leaks, rejection } from '../support/errors.js';

const ROOT = join(__dirname, '../..');

const GATE = 'src/engine/secret-values.ts';
/** Files and folders that may read values too. Each says beside its call why. */
const OTHERS = [
  ...[
    'src/engine/secrets-manager.ts',
    'src/operate/steps-here.ts',
    'src/cli/aws/secrets-manager.ts',
    'src/cli/rehearse/proof.ts',
    'src/testing/',
    'src/local/',
  ],
  // It is the application that asks for the value.
  'src/client/',
];

/** Comments and permissions have AWS's name for it, which begins with a capital. */
const READING = /\bgetSecretValue\b|GetSecretValueCommand\b|(?<!secretsmanager:)[bB]atchGetSecretValue/;

/** The lines of a file that read values, or are about to. */
function readingLines(file: string, source: string): readonly string[] {
  return source
    .split('\n')
    .flatMap((line, at) => (READING.test(line) ? `${file}:${at + 1}: ${line.trim()}` : []));
}

describe('the source of src and rotators', () => {
  const readings = ['src', 'rotators'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[cm]?[jt]s$/.test(path))
      .map((path) => join(ROOT, folder, path))
      .map((path) => {
        const file = relative(ROOT, path).replaceAll(sep, '/');
        return { file, lines: readingLines(file, readFileSync(path, 'utf8')) };
      }),
  );
  const readers = readings.filter(({ lines }) => lines.length > 0).map(({ file }) => file);

  test('reads values of secrets in one place, and where it is known to', () => {
    const known = [GATE, ...OTHERS];
    const unknown = readings.filter(({ file }) => !known.some((place) => file.startsWith(place)));
    expect(unknown.flatMap(({ lines }) => lines)).toEqual([]);
    expect(known.filter((place) => !readers.some((file) => file.startsWith(place)))).toEqual([]);
  });

  test('reads them by one call in the gate', () => {
    expect(readings.find(({ file }) => file === GATE)?.lines).toHaveLength(1);
  });

  test.each([
    'const answer = await client.getSecretValue({ SecretId });',
    'return api?.getSecretValue?.(input);',
    'const { getSecretValue } = client;',
    "const read = client['getSecretValue'];",
    'await client.send(new GetSecretValueCommand({ SecretId }));',
    'await client.batchGetSecretValue({ SecretIdList });',
    'for await (const page of paginateBatchGetSecretValue({ client }, {}))',
  ])('is seen to read in a line like %s', (line) => {
    const lines = [
      '// GetSecretValue of a version',
      "action: 'secretsmanager:BatchGetSecretValue',",
      `  ${line}`,
    ];
    expect(readingLines('planted.ts', lines.join('\n'))).toEqual([`planted.ts:3: ${line}`]);
  });
});

/** The ways to a value, by which a rotator may read it in finishSecret. */
const WAYS: Readonly<Record<string, (versions: Versions<unknown>, context: VersionsContext) => unknown>> = {
  AWSCURRENT: ({ current }) => current,
  AWSPENDING: ({ pending }) => pending,
  AWSPREVIOUS: ({ previous }) => previous(),
  'a labelled version': (_, { readVersions }) => readVersions(),
  'an abandoned version': async ({ abandoned }) =>
    Promise.all((await abandoned()).map((version) => version.read())),
  'another secret': (_, { readSecret }) => readSecret('other'),
};
type Stored = { readonly SecretString: string } | { readonly SecretBinary: Uint8Array };

/** A rotation that has come to finishSecret, with a value wherever there is a way to one. */
async function atFinish(values: ReadonlyMap<string, Stored>, finishSecret: DoorRotator['finishSecret']) {
  const storedFor = (way: string) => values.get(way) ?? { SecretString: SECRET };
  const rigged = await doorRig({
    parts: { setSecret: () => {}, testSecret: () => 'accepted', ...(finishSecret && { finishSecret }) },
  });
  const { secrets, begin, deliver } = rigged;
  const put = (way: string, ...VersionStages: readonly string[]) =>
    secrets.putSecretValue({ SecretId: 'door', ...storedFor(way), VersionStages: [...VersionStages] });
  await secrets.createSecret({ Name: 'other', ...storedFor('another secret') });
  await put('AWSPREVIOUS', 'AWSCURRENT');
  await put('AWSCURRENT', 'AWSCURRENT');
  await put('a labelled version', 'KEPT');
  const { VersionId } = await put('an abandoned version', 'GIVEN-UP');
  await secrets.updateSecretVersionStage({
    SecretId: 'door',
    VersionStage: 'GIVEN-UP',
    RemoveFromVersionId: VersionId,
  });
  const ClientRequestToken = await begin();
  await secrets.putSecretValue({
    SecretId: 'door',
    ClientRequestToken,
    VersionStages: ['AWSPENDING'],
    ...storedFor('AWSPENDING'),
  });
  for (const step of ['createSecret', 'setSecret', 'testSecret'] as const) await deliver(step);
  return rigged;
}

test.each(Object.keys(WAYS))('no string leaves that a rotator has read of %s', async (way) => {
  // No two have a run in common: what is hidden of one must not cover another.
  const secretOf = (name: string) => createHash('sha256').update(name).digest('hex');
  const stored = (name: string) => ({ SecretString: `{"user":"app","password":"${secretOf(name)}"}` });
  const values = new Map(Object.keys(WAYS).map((name) => [name, stored(name)]));
  let read = '';
  const { deliver, log } = await atFinish(values, async (versions, context) => {
    read = JSON.stringify(await WAYS[way]?.(versions, context));
    context.warn(`the service has ${secretOf(way)}`);
    throw new Error(`the service has ${secretOf(way)}`, { cause: new Error(read) });
  });
  const error = await rejection(deliver('finishSecret'));
  expect(read).toContain(secretOf(way));
  expect(error).toMatchObject({ message: expect.stringContaining('the service has [redacted]') });
  expect(log.at(-1)?.warnings).toEqual(['the service has [redacted]']);
  expect(leaks(allOf([error, log]), secretOf(way))).toBeUndefined();
});

const text = (SecretString: string): Stored => ({ SecretString });
const escaped = (value: string) =>
  [...value].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('');

/** What cannot be read as a secret, and the value in it that the service may have all the same. */
describe.each<[kind: string, stored: Stored, secret: string]>([
  ['no JSON', text('zq-no-json-at-all'), 'zq-no-json-at-all'],
  ['a short line', text('zq-7\n'), 'zq-7'],
  ['a string', text(JSON.stringify('zq-in-a-string')), 'zq-in-a-string'],
  ['an array of escapes', text(`["${escaped('zq-escaped')}"]`), 'zq-escaped'],
  ['an object that is cut off', text(`{"user":"app","password":"${escaped('zq-cut')}"`), 'zq-cut'],
  ['a key twice', text('{"user":"app","password":"zq-7","password":"zq-8"}'), 'zq-7'],
  ['a key twice, and another', text('{"user":"app","user":"app","password":"zq-7"}'), 'zq-7'],
  ['bytes', { SecretBinary: Buffer.from('zq-in-bytes') }, 'zq-in-bytes'],
])('of a value that is %s', (_, stored, secret) => {
  test.each(['AWSPREVIOUS', 'a labelled version', 'an abandoned version', 'another secret'])(
    'nothing leaves, though the service says it: %s',
    async (way) => {
      const { deliver, log } = await atFinish(new Map([[way, stored]]), async (versions, context) => {
        await Promise.resolve(WAYS[way]?.(versions, context)).catch(() => {});
        context.warn(`the service has ${secret}`);
        throw new Error(`the service has ${secret}`, { cause: new Error(secret) });
      });
      const error = await rejection(deliver('finishSecret'));
      expect(allOf([error, log])).not.toContain(secret);
      expect(error).toMatchObject({ message: expect.stringMatching(/the service has \[redacted\]$/) });
    },
  );
});

test('our own words stay, though a value that cannot be read has names of fields in it', async () => {
  const secretString = '{"username":"app","password":"zq-no-end"';
  const { begin, deliver } = await doorRig({ secretString });
  await begin();
  expect(await rejection(deliver('createSecret'))).toMatchObject({
    message: 'AWSCURRENT is not JSON',
    hint: "the rotator needs a SecretString with one JSON object; the rotator's README lists the fields",
  });
});
