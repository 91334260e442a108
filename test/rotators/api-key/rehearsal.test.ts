import { CommandRig } from '../../support/command.js';

let rig: CommandRig;
beforeEach(async () => {
  rig = await CommandRig.make();
});
afterEach(() => rig.end());

test('quarterturn rehearse api-key shows which keys are live after each quarter-turn', async () => {
  const { code, stdout } = await rig.run('rehearse', 'api-key', '--rotations', '2');
  expect(stdout).toMatch(/^a service of API keys, started for this rehearsal on http:\/\/127\.0\.0\.1:\d+\n/);
  const states = [...stdout.matchAll(/^ {7}(\S+|no label) +[0-9a-f]{8} {2}(accepted|refused)$/gm)];
  expect(states.slice(-3).map(([, label, state]) => [label, state])).toEqual([
    ['no label', 'refused'],
    ['AWSPREVIOUS', 'accepted'],
    ['AWSCURRENT', 'accepted'],
  ]);
  expect(stdout.match(/^ {2}yes {2}.*$/gm)).toHaveLength(4);
  expect(stdout).not.toContain('  no  ');
  expect(code).toBe(0);
});
