import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Declaration } from '../../src/cli/command.js';
import { declarations } from '../../src/cli/commands.js';
import { built } from '../support/built.js';
import { until } from '../support/command.js';
import { describeInstalled } from '../support/installed.js';
import { before, OperatorRig } from '../support/operator.js';
import { hasProgram } from '../support/programs.js';

const COMMANDS = declarations();
const named = COMMANDS.map((declaration) => [declaration.name, declaration] as const);

let rig: OperatorRig;
beforeEach(async () => {
  rig = await OperatorRig.make(47);
});
afterEach(() => rig.end());

test('quarterturn --help has a line for each command, at 40 columns too', async () => {
  const { stdout } = await rig.run('--help');
  for (const { name, summary } of COMMANDS)
    expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
  const narrow = await rig.runWith({ COLUMNS: '40' }, '--help');
  for (const line of narrow.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
});

test('a command that is mistyped is guessed, and one that is like no other is not', async () => {
  expect((await rig.run('satus')).stderr).toBe(
    'quarterturn: there is no command "satus"; did you mean "status"? quarterturn --help lists the commands\n',
  );
  expect((await rig.run('revolve')).stderr).not.toContain('did you mean');
});

test('a command is loaded when it is run, and AWS’s SDK when it is needed: help and completion wait for neither', () => {
  const seen = new Set<string>();
  const packages: string[] = [];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|\} from|export .* from)(?! type).*?'([^']+)'/gm,
    )) {
      if (path.startsWith('.')) visit(join(dirname(file), path.replace(/\.js$/, '.ts')));
      else packages.push(path);
    }
  };
  visit(join(__dirname, '../../src/cli/main.ts'));
  expect([...seen]).toContainEqual(expect.stringMatching(/status\/declaration\.ts$/));
  expect(packages.filter((name) => !name.startsWith('node:'))).toEqual([]);
});

describe.each(named)('quarterturn %s', (name, declaration: Declaration) => {
  const options = Object.entries(declaration.options);

  test('explains itself: each option, each example and, where there are any, exit codes', async () => {
    const { code, stdout, stderr } = await rig.run(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^usage: quarterturn ${name} `));
    for (const [option] of options) expect(stdout).toContain(`--${option}`);
    for (const { line } of declaration.examples ?? []) expect(stdout).toContain(line.split('\n')[0]);
    expect(stdout.includes('Exit code 0: ')).toBe(declaration.exits !== undefined);
    // A list of names is one line, to be searched.
    const lines = stdout
      .split('\n')
      .filter((line) => !line.includes(`${Object.keys(declaration.lists ?? {})[0]}: `));
    const examples = (declaration.examples ?? []).flatMap(({ line }) => line.split('\n'));
    const prose = lines.filter((line) => !examples.includes(line.trim()));
    for (const line of prose) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('explains itself on a narrow terminal', async () => {
    const { code, stdout } = await rig.runWith({ COLUMNS: '40' }, name, '-h');
    const paragraph = stdout.split('\n\n')[1] ?? '';
    for (const line of paragraph.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
    expect(code).toBe(0);
  });

  test('guesses an option that is mistyped, and does nothing', async () => {
    const [option] = options.find(([option]) => option.length > 4) ?? ['help'];
    const mistyped = `${option.slice(0, -2)}${option.at(-1)}`;
    const { code, stdout, stderr } = await rig.run(name, `--${mistyped}`);
    expect(stderr).toBe(
      `quarterturn: Unknown option '--${mistyped}'; did you mean "--${option}"? quarterturn ${name} --help lists the options\n`,
    );
    expect([code, stdout]).toEqual([2, '']);
  });

  test('takes no empty text, and none but the choices of an option', async () => {
    const texts = options.filter(([, { value }]) => value !== undefined);
    const runs = texts.flatMap(([option, { choices }]) => [
      [option, ''],
      ...(choices ? [[option, `${choices[0]}x`]] : []),
    ]);
    const ends = await Promise.all(runs.map(([option, text]) => rig.run(name, `--${option}=${text}`)));
    for (const [index, { code, stdout, stderr }] of ends.entries()) {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(new RegExp(`^quarterturn: --${runs[index]?.[0]} takes .*\n$`));
    }
  });

  test('declares what whoever runs it needs, if it asks Secrets Manager', () => {
    expect(declaration.rights !== undefined).toBe('profile' in declaration.options);
  });
});

describe('colour', () => {
  const colour = '\u001b[';
  beforeEach(async () => {
    await rig.add('app/static');
  });

  test.each([
    ['is not for a pipe', {}, false],
    ['is for a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, true],
    ['is not there with FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
    ['is not there with NO_COLOR', { NO_COLOR: '1' }, false],
  ])('%s', async (_, env, isThere) => {
    const { stdout } = await rig.runWith(env, 'status');
    expect(stdout.includes(colour)).toBe(isThere);
    expect(stdout).toContain('app/static');
  });
});

describeInstalled(hasProgram('script'), 'colour on a terminal', (test) => {
  const colours = async (env: Record<string, string>) => {
    await rig.add('app/static');
    const { end } = await rig.onTerminal('quarterturn status', env);
    return (await end).stdout.includes('\u001b[3');
  };
  test('is there', async () => expect(await colours({})).toBe(true));
  test('is not there with NO_COLOR', async () => expect(await colours({ NO_COLOR: '1' })).toBe(false));
  test('is not there with TERM=dumb', async () => expect(await colours({ TERM: 'dumb' })).toBe(false));
});

test.each([
  ['status', '--json'],
  ['policy', '--for', 'operator'],
])('a reader that goes away ends quarterturn %s without a stack', async (...args) => {
  const child = spawn(process.execPath, [join(built('esm'), 'src/cli/main.js'), ...args], {
    env: { ...process.env, ...rig.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  expect(said).not.toMatch(/EPIPE|^ +at /m);
  expect(code).toBe(143);
});

describe('the examples of --help', () => {
  const shown: Record<string, (line: string) => Promise<void>> = {
    'quarterturn status app/db': async (line) => {
      await rig.add('app/db');
      await rig.secrets.advanceTo(before(17));
      await rig.rotate('app/db');
      const { code, stdout } = await run(line);
      expect(masked(stdout)).toBe(
        [
          'app/db  eu-west-1  rotate, every 30 days',
          '  AWSPREVIOUS  <id>    47 d',
          '  AWSCURRENT   <id>    17 d',
          '  last rotated  <date>, 17 d ago',
          '  next          by <date>, in 13 d\n',
        ].join('\n'),
      );
      expect(code).toBe(0);
    },
    'quarterturn status --tag team=payments --check': async (line) => {
      await rig.add('app/db', { team: 'payments' });
      await rig.add('app/other', { team: 'payments2' });
      const { code, stdout } = await run(line);
      expect(stdout).toBe(
        'STATE  SECRET  ROTATED  NEXT  PENDING  FUNCTION\noff    app/db  never    -     -        -\n1 secret: 1 off\n',
      );
      expect(code).toBe(1);
    },
    'quarterturn rotate app/db --yes': async (line) => {
      const live = await OperatorRig.make();
      await live.add('app/db');
      await live.schedule('app/db');
      const { code, stdout } = await (await live.shell(line)).end;
      await live.end();
      expect(masked(stdout).replace(/\d+ s/, '<s> s')).toBe('app/db: rotated in <s> s; AWSCURRENT is <id>\n');
      expect(code).toBe(0);
    },
    'quarterturn local --function rotate=postgres --seed secrets.json --state state': async (line) => {
      await writeFile(join(rig.command.folder, 'secrets.json'), '{"app":{"user":"app"}}');
      const { output, child, end } = await rig.shell(`${line} --port 0`);
      await until(() => output.stdout.includes('\nsecret    app\n'));
      expect(output.stdout).toContain('function  arn:aws:lambda:eu-west-1:123456789012:function:rotate\n');
      process.kill(-(child.pid ?? 0), 'SIGINT');
      expect((await end).code).toBe(0);
    },
    'quarterturn init gate': async (line) => {
      const { code, stdout } = await run(line);
      expect(stdout).toMatch(/^gate\/: rotator\.ts, .*\n\n( {2}.+\n){3}$/);
      expect(code).toBe(0);
    },
    'quarterturn init desk --kind issued-key --test vitest': async (line) => {
      const { code, stdout } = await run(line);
      expect(stdout).toContain('\n  npx vitest run desk\n');
      expect(code).toBe(0);
    },
    'quarterturn bundle gate/lambda.ts': async (line) => {
      await mkdir(join(rig.command.folder, 'node_modules'));
      await symlink(join(__dirname, '../..'), join(rig.command.folder, 'node_modules/quarterturn'));
      await run('quarterturn init gate');
      const { code, stdout } = await run(line);
      expect(stdout).toMatch(/^dist\/lambda\/gate: handler index\.handler, \d+ bytes at init, \d+ in all\n$/);
      expect(code).toBe(0);
    },
    'quarterturn policy postgres --vpc --terraform > rotation.tf': async (line) => {
      const { code, stdout } = await run(`${line}; grep -c quarterturn-postgres rotation.tf`);
      expect([code, Number(stdout) > 0]).toEqual([0, true]);
    },
    'quarterturn policy --for operator': async (line) => {
      const { code, stdout } = await run(line);
      expect(stdout).toContain(
        'What quarterturn rotate needs\n  secretsmanager:DescribeSecret (on the secret): reads whether rotation is possible, and its progress\n',
      );
      expect(code).toBe(0);
    },
    'eval "$(quarterturn completion bash)"': async (line) => {
      expect((await run(`${line}; complete -p quarterturn`)).stdout).toBe(
        'complete -F _quarterturn quarterturn\n',
      );
    },
  };
  /** Completion.test.ts, local.test.ts and doctor.test.ts do the same in their way: with other shells, or a real server. */
  const ELSEWHERE = [
    'quarterturn test app/db --rotator postgres',
    'quarterturn doctor app/db --rotator postgres',
    'quarterturn doctor app/db --rotator postgres --fix --here --yes',
    'quarterturn run app/db --rotator postgres --yes',
    'eval "$(quarterturn completion zsh)"',
    'quarterturn completion fish | source',
    'aws secretsmanager rotate-secret --secret-id app \\\n--rotation-lambda-arn arn:aws:lambda:eu-west-1:123456789012:function:rotate',
  ];
  const examples = COMMANDS.flatMap((declaration) => declaration.examples ?? []).map(({ line }) => line);
  const run = async (line: string) => (await rig.shell(line)).end;

  test('are all known here', () => {
    expect([...Object.keys(shown), ...ELSEWHERE].toSorted()).toEqual(examples.toSorted());
  });

  for (const [line, compare] of Object.entries(shown)) {
    test(line, () => compare(line));
  }
});

function masked(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}\b/g, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '<date>')
    .replace('in 12 d', 'in 13 d');
}
