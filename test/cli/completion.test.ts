import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandRig } from '../support/command.js';
import { describeInstalled } from '../support/installed.js';
import { hasProgram } from '../support/programs.js';
import { rotatorsIn } from '../support/rotators.js';

let rig: CommandRig;
beforeAll(async () => {
  rig = await CommandRig.make();
});
afterAll(() => rig.end());

const shell = async (line: string) => (await rig.shell(line)).end;

describeInstalled(hasProgram('bash'), 'quarterturn completion bash', (test) => {
  /** What bash offers for the last word of a line. */
  const offered = async (...words: readonly string[]) => {
    const all = ['quarterturn', ...words].map((word) => `'${word}'`).join(' ');
    const { code, stdout, stderr } = await shell(
      `eval "$(quarterturn completion bash)"; COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _quarterturn; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trimEnd().split('\n');
  };

  test('is a function for the command', async () => {
    const { stdout } = await shell('eval "$(quarterturn completion bash)"; complete -p quarterturn');
    expect(stdout).toBe('complete -F _quarterturn quarterturn\n');
  });

  test('offers commands, options, choices, rotators and files, and no names of secrets', async () => {
    await writeFile(join(rig.folder, 'secrets.json'), '{}');
    expect(await offered('st')).toEqual(['status']);
    expect(await offered('status', '--st')).toEqual(['--stuck-after']);
    expect(await offered('status', 'app')).toEqual(['']);
    expect(await offered('policy', '--for', '')).toEqual(['client', 'operator']);
    expect(await offered('policy', 'postg')).toEqual(
      rotatorsIn(join(__dirname, '../..')).filter((name) => name.startsWith('postgres')),
    );
    expect(await offered('local', '--seed', 'sec')).toEqual(['secrets.json']);
    expect(await offered('status', '--tag', '')).toEqual(['']);
    expect(await offered('completion', 'z')).toEqual(['zsh']);
  });
});

describeInstalled(hasProgram('zsh'), 'quarterturn completion zsh', (test) => {
  test('is a function for the command, in the language of zsh', async () => {
    const { code, stdout, stderr } = await shell(
      `quarterturn completion zsh > _quarterturn && zsh -n _quarterturn && zsh -fc 'autoload -Uz compinit; compinit -u -D; eval "$(cat _quarterturn)"; print -- $_comps[quarterturn]'`,
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '_quarterturn\n', stderr: '' });
  });
});

describeInstalled(hasProgram('fish'), 'quarterturn completion fish', (test) => {
  test('offers commands, options and choices', async () => {
    const offered = async (line: string) =>
      (
        await shell(
          `quarterturn completion fish > q.fish; fish --no-config -c 'source q.fish; complete -C "${line}"'`,
        )
      ).stdout;
    expect(await offered('quarterturn st')).toMatch(/^status\t.*\n$/);
    expect(await offered('quarterturn status --stu')).toMatch(/^--stuck-after\t.*\n$/);
    expect(await offered('quarterturn policy --for ')).toMatch(/^client\t.*\noperator\t.*\n$/);
  });
});

test.each([
  [[], 'completion takes one of bash, zsh, fish'],
  [['fihs'], 'completion takes one of bash, zsh, fish, not "fihs"; did you mean "fish"?'],
])('quarterturn completion %j exits with 2', async (args, message) => {
  expect(await rig.run('completion', ...args)).toEqual({
    code: 2,
    stdout: '',
    stderr: `quarterturn: ${message}\n`,
  });
});
