import fc from 'fast-check';
import { withoutWaiting } from '../search/no-waiting.js';
import { Door, doorRotator, FIRST, SECRET } from '../support/door-rig.js';
import { ending } from './ending.js';
import { anyString, runs } from './runs.js';
import { ARN, CURRENT_ID, StubbedSecrets, TOKEN } from './stub.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const PENDING = '{"user":"app","password":"pnd-6nVb3Rj5-1cYd7Gh2","serial":12345678901234567890}';

/** How often a step writes to Secrets Manager, and to the service. */
const CHANGES = { createSecret: [1, 0], setSecret: [0, 1], testSecret: [0, 0], finishSecret: [1, 0] };

let putBack: () => void;
beforeAll(() => {
  putBack = withoutWaiting(() => Date.now());
});
afterAll(() => putBack());

const label = fc.constantFrom(
  'AWSCURRENT',
  'AWSPENDING',
  'AWSPREVIOUS',
  'awscurrent',
  'CUSTOM',
  '',
  '__proto__',
);
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(TOKEN, CURRENT_ID, 'c'.repeat(36)) },
  fc.constantFrom('__proto__', 'constructor', 'toString', '', TOKEN.toUpperCase(), `${TOKEN} `),
  anyString(70),
);
/** Labels in odd places, on any number of versions. */
const labels = fc.oneof(
  fc.dictionary(id, fc.array(label, { maxLength: 4 }), { maxKeys: 5 }),
  fc.array(fc.array(label, { maxLength: 2 }), { minLength: 100, maxLength: 100 }).map((all) => ({
    ...Object.fromEntries(all.map((own, at) => [`${at}`.padStart(36, '0'), own])),
    [TOKEN]: ['AWSPENDING'],
    [CURRENT_ID]: ['AWSCURRENT'],
  })),
  fc.record({ [TOKEN]: fc.constant(['AWSPENDING', 'CUSTOM']), [CURRENT_ID]: fc.constant(['AWSCURRENT']) }),
);
const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined), label);
/** In place of the labels, or of those of one version. */
const oddLabels = fc.oneof(odd, fc.dictionary(id, fc.oneof(odd, fc.array(odd))), labels);

/** DescribeSecret's answer, of which each member may be as it should be, odd, or absent. */
const description = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        ARN: fc.oneof({ weight: 5, arbitrary: fc.constant(ARN) }, odd),
        RotationEnabled: fc.oneof({ weight: 5, arbitrary: fc.boolean() }, odd),
        DeletedDate: fc.option(fc.oneof(fc.date({ noInvalidDate: false }), odd), { freq: 6, nil: undefined }),
        OwningService: fc.option(odd, { freq: 6, nil: undefined }),
        Type: fc.option(odd, { freq: 6, nil: undefined }),
        PrimaryRegion: fc.option(fc.oneof(fc.constantFrom('eu-west-1', 'us-east-1'), odd), {
          nil: undefined,
        }),
        VersionIdsToStages: fc.oneof({ weight: 5, arbitrary: labels }, oddLabels),
      },
      { requiredKeys: [] },
    ),
  },
  odd,
);

const has = (stages: unknown, stage: string) => Array.isArray(stages) && stages.includes(stage);

/** What the answer says of the version, read by other code than the engine's. */
function stateIn(answer: Record<string, unknown> | null | undefined): 'open' | 'done' | 'closed' {
  const { OwningService, Type, DeletedDate, RotationEnabled, PrimaryRegion, VersionIdsToStages } =
    answer ?? {};
  if (OwningService || Type || DeletedDate || RotationEnabled === false) return 'closed';
  if (PrimaryRegion && PrimaryRegion !== 'eu-west-1' && answer?.ARN) return 'closed';
  const versions = Object.entries(VersionIdsToStages ?? {});
  const own = versions.find(([key]) => key === TOKEN)?.[1];
  if (has(own, 'AWSCURRENT')) return 'done';
  const isHeld = versions.some(([, stages]) => has(stages, 'AWSCURRENT'));
  return has(own, 'AWSPENDING') && isHeld ? 'open' : 'closed';
}

test.each(STEPS)(
  '%s changes nothing unless DescribeSecret says that the version is being rotated',
  async (step) => {
    await fc.assert(
      fc.asyncProperty(description, async (answer) => {
        const door = new Door();
        const secrets = new StubbedSecrets(doorRotator(door), {
          description: answer,
          current: { SecretString: SECRET, VersionId: CURRENT_ID },
          ...(step !== 'createSecret' && { pending: { SecretString: PENDING, VersionId: TOKEN } }),
        });
        const hidden = { values: [FIRST, JSON.parse(PENDING).password], log: secrets.log };
        const error = await ending(secrets.take(step), hidden);
        const changes = [secrets.client.writes().length, door.changes];
        const state = stateIn(answer as never);
        if (error || state !== 'open') expect(changes).toEqual([0, 0]);
        else expect(changes).toEqual(CHANGES[step]);
        if (!error) expect(state).not.toBe('closed');
        // The rotator has nothing to do with it. In testSecret it says what the door says.
        if (step !== 'testSecret') expect(error?.code).not.toBe('ERR_ROTATOR_FAILED');
      }),
      runs(50),
    );
  },
);
