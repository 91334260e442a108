import { gate } from '../../src/cli/init/templates/password/rotator.js';
import { LocalSecretsManager, rig } from '../../src/testing/index.js';

/** Loses the answer after AWSPENDING is stored, repeats the rotation, then lets the schedule begin the next one. */
export async function loseAnAnswer(secret: object) {
  const secrets = new LocalSecretsManager({ standsAt: new Date('2026-02-02T17:16:24Z'), strict: true });
  const { begin, run, reattempt } = await rig(gate(), { secret, secrets });
  await begin({ RotationRules: { AutomaticallyAfterDays: 30 } });

  const lost = secrets.inject({ operation: 'PutSecretValue', kind: 'dropped', when: 'after' });
  const first = await run(); // fails in createSecret
  const second = await reattempt(); // succeeds with the value that the first attempt stored
  const [third] = await secrets.advanceTo(new Date('2026-03-04T12:00:00Z'));

  const events = secrets.events.map(({ eventName }) => eventName);
  return { hits: lost.hits, outcomes: [first, second, third].map((report) => report?.outcome), events };
}
