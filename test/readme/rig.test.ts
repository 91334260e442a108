import { gate } from '../../src/cli/init/templates/password/rotator.js';
import { type Service, startService } from '../../src/cli/init/templates/password/service.js';
import { rig } from '../../src/testing/index.js';
import { codeOf, examplesIn } from '../support/examples.js';

let service: Service;
let secret: ReturnType<Service['reset']>;
beforeAll(async () => {
  service = await startService();
});
beforeEach(() => {
  secret = service.reset();
});
afterAll(() => service.stop());

test('rotates the password', async () => {
  const { rotate, value, warnings } = await rig(gate(), { secret });
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const { password } = await value('AWSCURRENT');
  expect(password).not.toBe(secret.password);
  expect(service.accepts(password)).toBe(true);
  expect(warnings()).toEqual([]);
});

test('starts over when an answer of Secrets Manager is lost', async () => {
  const { secrets, rotate, reattempt } = await rig(gate(), { secret });
  secrets.inject({ operation: 'PutSecretValue', kind: 'dropped', when: 'after' });
  expect(await rotate()).toMatchObject({ outcome: 'failed' });
  expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
});

test('the example of rig() is what is run here', () => {
  const examples = examplesIn('src/testing/rig.ts');
  expect(examples).toHaveLength(1);
  for (const example of examples) expect(codeOf('test/readme/rig.test.ts')).toContain(example);
});

test("the guide's lines rotate the gate", async () => {
  const { rotate, value } = await rig(gate(), { secret });
  const { outcome, steps } = await rotate(); // after a failure: reattempt(), as AWS does
  const { password } = await value('AWSCURRENT');
  expect([outcome, steps.length, service.accepts(password)]).toEqual(['succeeded', 4, true]);
  const [, lines = 'none'] = /\*\*`rig\(\)`\*\*.*?```ts\n(.*?)```/s.exec(codeOf('docs/rotators.md')) ?? [];
  expect(codeOf('test/readme/rig.test.ts')).toContain(lines);
});
