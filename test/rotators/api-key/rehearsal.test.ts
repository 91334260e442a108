import { execFile } from 'node:child_process';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { built } from '../../support/built.js';
import { CommandRig } from '../../support/command.js';
import { ROOT } from '../../support/rotators.js';

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

describe('with a service that takes keys which it has ended', () => {
  /** Rehearses with a copy of the package whose service ends nothing. */
  async function rehearsed(declared: string): Promise<{ readonly code: number; readonly stdout: string }> {
    const copy = join(rig.folder, 'dist/esm');
    await cp(built('esm'), copy, { recursive: true });
    await cp(join(ROOT, 'package.json'), join(rig.folder, 'package.json'));
    await symlink(join(ROOT, 'node_modules'), join(rig.folder, 'node_modules'));
    const path = join(copy, 'rotators/api-key/rehearsal.js');
    const text = await readFile(path, 'utf8');
    const kept = text.replace('keys.delete(', 'keys.has(').replace("name: 'api-key',", `$& ${declared}`);
    expect(kept).not.toContain('keys.delete(');
    await writeFile(path, kept);
    const args = [join(copy, 'src/cli/main.js'), 'rehearse', 'api-key', '--rotations', '2'];
    return new Promise((resolve) => {
      execFile(process.execPath, args, (error, stdout) =>
        resolve({ code: Number(error?.code ?? 0), stdout }),
      );
    });
  }

  test('a rehearsal fails, and says why', async () => {
    const { code, stdout } = await rehearsed('');
    expect(stdout).toContain('ERR_KEY_STILL_WORKS');
    expect(code).toBe(1);
  });

  test('a rehearsal of a rotator that declares it does not try them', async () => {
    const { code, stdout } = await rehearsed("ends: 'late',");
    expect(stdout).not.toContain('no label');
    expect(stdout).toMatch(/^ {2}yes {2}the service accepts the new value/m);
    expect(stdout).not.toContain('  no  ');
    expect(code).toBe(0);
  });
});
