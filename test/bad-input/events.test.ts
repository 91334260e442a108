import fc from 'fast-check';
import { type RotationEvent, rotationHandler } from '../../src/index.js';
import { leaksOnPurpose } from '../support/canary.js';
import { Door, doorRotator } from '../support/door-rig.js';
import { FaultyClient, serviceError } from '../support/faulty-client.js';
import { ending } from './ending.js';
import { anyString, runs } from './runs.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
const ROTATION_TOKEN = '9fK2mQx7-4wTz8Lp1-6nVb3Rj5-1cYd7Gh2-5Hs';

/** A value that is not what it should be, and that can be told from all that we say ourselves. */
const odd = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, maxDepth: 3 }),
  anyString(3000),
  fc.string({ unit: fc.constantFrom('☃', '\0', '\u202e', '\ud800', '\r\n'), minLength: 8, maxLength: 40 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'AWSCURRENT', 'x'.repeat(3000)),
);
/** An event of which each part may be as it should be, odd, or not there. */
const event = fc.record(
  {
    Step: fc.oneof(fc.constantFrom(...STEPS), odd),
    SecretId: fc.oneof(fc.constant('arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf'), odd),
    ClientRequestToken: fc.oneof(fc.constant('t'.repeat(36)), odd),
    RotationToken: fc.oneof(fc.constant(ROTATION_TOKEN), fc.constant(null), odd),
  },
  { requiredKeys: [] },
);

/** A Secrets Manager that lets nobody in. */
function closed() {
  const client = new FaultyClient({} as never);
  for (const operation of ['describeSecret', 'getSecretValue'] as const) {
    client.fail(operation, serviceError('AccessDeniedException'), { times: 10 });
  }
  const log: unknown[] = [];
  const handler = rotationHandler(doorRotator(new Door()), { client, log: (entry) => log.push(entry) });
  return { client, log, handler };
}

/** The strings of an event that may not be shown: all, but an id and a token that are well-formed. */
function hiddenOf(input: unknown): readonly string[] {
  if (typeof input === 'string') return [input];
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([name, value]) => {
    const isShown = typeof value !== 'string' || OWN_WORDS.includes(value) || SHOWN[name]?.test(value);
    return isShown ? [] : [value];
  });
}

const SHOWN: Readonly<Record<string, RegExp>> = {
  SecretId: /^[!-~]{1,2048}$/,
  ClientRequestToken: /^[!-~]{32,64}$/,
};
/** Stand in messages, hints and stacks, whatever comes in. */
const OWN_WORDS: readonly string[] = [...STEPS, '__proto__', 'constructor', 'toString', 'AWSCURRENT'];

// An invalid RotationToken may be a word of ours: `hiddenOf` knows which.
beforeEach(() => void leaksOnPurpose());

test('an event of any shape is refused before any call, or taken, and its RotationToken is seen nowhere', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(event, odd), async (input) => {
      const { client, log, handler } = closed();
      const error = await ending(handler(input as RotationEvent), { values: hiddenOf(input), log });
      expect(['ERR_EVENT_INVALID', 'ERR_SECRETS_MANAGER_FAILED']).toContain(error?.code);
      expect(client.calls.length === 0).toBe(error?.code === 'ERR_EVENT_INVALID');
      expect(client.writes()).toEqual([]);
    }),
    runs(150),
  );
});

test('an event that cannot even be read is refused', async () => {
  const hostile = Object.defineProperty({}, 'Step', {
    enumerable: true,
    get() {
      throw new Error(ROTATION_TOKEN);
    },
  });
  const { client, log, handler } = closed();
  const error = await ending(handler(hostile as RotationEvent), { values: [ROTATION_TOKEN], log });
  expect(error?.code).toBe('ERR_EVENT_INVALID');
  expect(client.calls).toEqual([]);
});
