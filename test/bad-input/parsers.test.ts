import fc from 'fast-check';
import { gitlab } from '../../rotators/api-key/gitlab/index.js';
import { leaksOnPurpose } from '../support/canary.js';
import { leaks } from '../support/errors.js';
import { PASSWORD } from './corpus.js';
import { ending } from './ending.js';
import { runs } from './runs.js';
import { type AnyRotator, SHIPPED } from './shipped.js';
import { answerOf, StubbedSecrets, TOKEN } from './stub.js';

const cases = SHIPPED.map(({ rotator, secret }) => [rotator.name, rotator, secret] as const);

/** Has no run of eight characters in common with what we say ourselves. */
const odd = fc.oneof(
  fc.string({
    unit: fc.constantFrom('☃', '\0', '\u202e', '\ud800', '"', '\r\n', '/', '}', '%', '€'),
    maxLength: 40,
  }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    null,
    '',
    'é'.repeat(600),
    'amqps://u:p@h',
    'http://h/',
    '::1',
    '..',
    1e300,
    2 ** 53,
    -0,
    [],
    {},
  ),
);
/** What is done to a secret: fields that are replaced or left out, and others that are put in. */
const changes = (fields: readonly string[]) =>
  fc.record({
    replaced: fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 3 }),
    dropped: fc.subarray([...fields], { maxLength: 1 }),
    added: fc.dictionary(
      fc.constantFrom('__proto__', 'constructor', 'valueOf', 'port', 'ssl', 'groupId', 'x'),
      odd,
    ),
  });

/** The rotator, with a createSecret that quotes what `parse` returned. */
const careless = (rotator: AnyRotator) => ({
  ...rotator,
  createSecret(current: object) {
    throw new Error(`for ${JSON.stringify(current)}`);
  },
});

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** The strings of a secret that may not be seen: of what is shown by design, a copy elsewhere is no secret. */
function hiddenIn(secret: object, { shows }: AnyRotator): readonly string[] {
  const of = (isShown: boolean) =>
    stringsIn(
      Object.entries(secret).flatMap(([name, value]) => (shows.includes(name) === isShown ? [value] : [])),
    );
  return of(false).filter((value) => of(true).every((shown) => leaks(shown, value) === undefined));
}

/** What comes of createSecret with a secret. */
async function created(rotator: AnyRotator, secret: object): Promise<string | undefined> {
  const secrets = new StubbedSecrets(careless(rotator), { current: answerOf(secret) });
  const hidden = { values: hiddenIn(secret, rotator), log: secrets.log };
  const error = await ending(secrets.take('createSecret'), hidden);
  expect(secrets.client.writes()).toEqual([]);
  return error?.code;
}

test.each(cases)(
  '%s takes a secret or names what is wrong with it, and shows what it declares alone',
  async (_, rotator, good) => {
    expect(await created(rotator, good)).toBe('ERR_ROTATOR_FAILED');
    await fc.assert(
      fc.asyncProperty(changes(Object.keys(good)), async ({ replaced, dropped, added }) => {
        const fields = Object.entries({ ...added, ...good, ...replaced });
        const secret = Object.fromEntries(fields.filter(([name]) => !dropped.includes(name)));
        const codes = ['ERR_ROTATOR_FAILED', 'ERR_SECRET_MALFORMED', 'ERR_STALE_FIELD'];
        expect(codes).toContain(await created(rotator, secret));
      }),
      runs(10),
    );
  },
);

test.each(cases)('%s takes no secret from a prototype', async (_, rotator, good) => {
  // All of what is there is kept, and the engine of a database has the name of a rotator.
  leaksOnPurpose();
  const current = { SecretString: `{"__proto__":${JSON.stringify(good)}}`, VersionId: TOKEN };
  const secrets = new StubbedSecrets(careless(rotator), { current });
  const error = await ending(secrets.take('createSecret'), { values: [PASSWORD] });
  const isEmptyAllowed = rotator.name === 'service-token';
  expect(error?.code).toBe(isEmptyAllowed ? 'ERR_ROTATOR_FAILED' : 'ERR_SECRET_MALFORMED');
});

test('a URL with two hundred thousand slashes is read in time', async () => {
  const gitlabUrl = `https://git.example.com/${'/'.repeat(200_000)}x`;
  const secret = { gitlabUrl, token: PASSWORD, tokenId: 1, projectId: 1, adminSecretArn: 'boss' };
  const before = process.cpuUsage();
  gitlab().parse(secret);
  // Of the processor's time: a machine that is busy with something else gives less of it, and takes longer.
  expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
});
