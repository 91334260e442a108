import fc from 'fast-check';
import { withoutWaiting } from '../search/no-waiting.js';
import { leaksOnPurpose } from '../support/canary.js';
import { Door, doorRotator, FIRST, SECRET } from '../support/door-rig.js';
import { serviceError } from '../support/faulty-client.js';
import { ending } from './ending.js';
import { anyString, runs } from './runs.js';
import { CURRENT_ID, StubbedSecrets, TOKEN } from './stub.js';

const PENDING_PASSWORD = 'pnd-6nVb3Rj5-1cYd7Gh2';
const PENDING = SECRET.replace(JSON.stringify(FIRST), JSON.stringify(PENDING_PASSWORD));
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

let putBack: () => void;
beforeAll(() => {
  putBack = withoutWaiting(() => Date.now());
});
afterAll(() => putBack());

const text = fc.oneof(
  fc.constantFrom(SECRET, PENDING, '', 'null', '{}', FIRST, `[${PENDING}]`),
  fc.json({ stringUnit: 'binary', maxDepth: 3 }),
  anyString(),
);
/** An answer of GetSecretValue: what the wire can bring, and it can bring JSON. */
const answer = fc.record(
  {
    SecretString: fc.oneof({ weight: 5, arbitrary: text }, fc.jsonValue({ maxDepth: 2 })),
    SecretBinary: fc.option(fc.uint8Array(), { freq: 6, nil: undefined }),
    VersionId: fc.oneof(fc.constantFrom(CURRENT_ID, TOKEN, '__proto__'), fc.jsonValue({ maxDepth: 1 })),
    VersionStages: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: [] },
);

test.each(STEPS)('%s takes what GetSecretValue answers, or refuses it and changes nothing', async (step) => {
  await fc.assert(
    fc.asyncProperty(answer, fc.option(answer, { freq: 4, nil: undefined }), async (current, pending) => {
      const door = new Door();
      const secrets = new StubbedSecrets(doorRotator(door), { current, pending });
      const error = await ending(secrets.take(step), { values: [FIRST, PENDING_PASSWORD], log: secrets.log });
      const changes = secrets.client.writes().length + door.changes;
      if (error) expect(changes).toBe(0);
      // An attempt before has stored AWSPENDING, or the verdict is all there is.
      else expect(changes).toBe(step === 'testSecret' || (step === 'createSecret' && pending) ? 0 : 1);
    }),
    runs(40),
  );
});

/** What a client may throw: exceptions of the service with any name, and things that are no errors. */
const thrown = fc.oneof(
  fc
    .record({
      name: fc.oneof(
        fc.constantFrom('ResourceNotFoundException', 'InvalidRequestException', 'ThrottlingException'),
        fc.constantFrom('constructor', '__proto__', 'toString', 'AbortError', 'TimeoutError', ''),
        fc.constant(FIRST),
      ),
      message: fc.constantFrom('', FIRST, `{"Message":${JSON.stringify(FIRST)}}`),
      $fault: fc.constantFrom<'client' | 'server'>('client', 'server'),
      code: fc.option(fc.constantFrom('ECONNRESET', '__proto__', 'constructor', FIRST), { nil: undefined }),
    })
    .map(({ name, code, ...details }) => Object.assign(serviceError(name, details), code && { code })),
  fc.jsonValue({ maxDepth: 1 }),
  fc.constant(FIRST),
);

test('what a client throws is an error of Secrets Manager, whatever its name', async () => {
  // It may hold a value that no step has read yet.
  leaksOnPurpose();
  const operations = [
    'describeSecret',
    'getSecretValue',
    'putSecretValue',
    'updateSecretVersionStage',
  ] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...STEPS),
      fc.constantFrom(...operations),
      thrown,
      async (step, operation, reason) => {
        const door = new Door();
        const secrets = new StubbedSecrets(doorRotator(door), {
          current: { SecretString: SECRET, VersionId: CURRENT_ID },
          ...(step !== 'createSecret' && { pending: { SecretString: PENDING, VersionId: TOKEN } }),
        });
        // Of a value that was never read nobody can tell that it is one.
        const isKnown = operation === 'putSecretValue';
        secrets.client.fail(operation, reason as Error, { times: 99 });
        const error = await ending(secrets.take(step), {
          values: isKnown ? [FIRST] : [],
          log: secrets.log,
        });
        const ours = /^ERR_(SECRETS_MANAGER_(FAILED|UNREACHABLE)|PENDING_MISSING|CREDENTIAL_REJECTED)$/;
        if (error && reason !== null) expect(error.code).toMatch(ours);
      },
    ),
    runs(60),
  );
});
