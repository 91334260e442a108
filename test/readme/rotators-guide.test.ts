import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { rotatorContract } from '../../src/testing/index.js';
import { built } from '../support/built.js';
import { CommandRig, until } from '../support/command.js';
import { mayTakeAsLongAs } from '../support/timeouts.js';
import { UNSEEN } from '../testing/redis-mutants.js';
import { redis } from './redis.js';
import { redisSubject } from './redis-subject.js';

mayTakeAsLongAs('servers');
built('esm');
built('cjs');

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const GUIDE = read('docs/rotators.md');
const subject = redisSubject();

/** The guide's blocks of code in a language, in their order. */
const blocks = (language: string) =>
  [...GUIDE.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, each]) => each === language)
    .map(([, , code = '']) => code);

/** A file that is run or compiled here, as a project has it that has installed the package. */
function published(name: string): string {
  return read(`test/readme/${name}.ts`)
    .replaceAll("'../../src/index.js'", "'quarterturn'")
    .replace("'../../src/testing/index.js'", "'quarterturn/testing'")
    .replace('../support/redis-server.js', './redis-server.js')
    .replace('../../src/cli/init/templates/password/service.js', './service.ts')
    .replace("import { redis } from './redis.js'", "import { redis } from './redis.ts'")
    .replace(/^\/\/ biome-ignore .*\n/m, '');
}

test('all TypeScript of the guide is run or compiled here', () => {
  const [line] = read('test/testing/redis.test.ts').match(/^for \(const .*\n/m) ?? [];
  const files = ['waiting', 'serve', 'redis', 'redis-lambda', 'redis-subject'].map(published);
  // Beside the gate, which test/readme.test.ts rotates, and the lines that test/readme/rig.test.ts runs.
  const others = blocks('ts').filter((code) => !/function gate\(|await rig\(/.test(code));
  expect(others).toEqual([...files, line]);
});

test('the guide has no line of prose that is too long to read, and no language that nobody runs', () => {
  const prose = GUIDE.replaceAll(/^```.*?^```$/gms, '').split('\n');
  expect(prose.filter(({ length }) => length > 120)).toEqual([]);
  const languages = new Set([...GUIDE.matchAll(/^```(\w+)$/gm)].map(([, language]) => language));
  expect([...languages].toSorted()).toEqual(['sh', 'text', 'ts']);
});

test('the guide says what each member of a subject is', () => {
  const [, body = ''] =
    /interface ContractSubject<.*?\{\n(.*?)\n\}\n/s.exec(read('src/testing/subject.ts')) ?? [];
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member);
  expect(members.length).toBeGreaterThan(10);
  for (const member of members) expect(GUIDE).toMatch(new RegExp(`^\\| \`${member}\\b`, 'm'));
});

test.each([
  ['Rotator', /^(?:#{3} |\| `)(\w+)/gm],
  ['StepContext', /^\| `(\w+)/gm],
])('the guide says what each member of a %s is', (name, told) => {
  const [, body = ''] =
    new RegExp(`export interface ${name}\\b.*?\\{\\n(.*?)\\n\\}\\n`, 's').exec(read('src/rotator.ts')) ?? [];
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member);
  expect(members.length).toBeGreaterThan(8);
  expect([...GUIDE.matchAll(told)].map(([, member]) => member)).toEqual(expect.arrayContaining(members));
});

test('the clauses that the guide names are those of the contract', () => {
  const names = rotatorContract({ ...subject, rotator: redis }).map(({ name }) => name);
  const [, mistakes = ''] = /^## Five mistakes.*?\n(.*?)^## /ms.exec(GUIDE) ?? [];
  const sections = mistakes.split(/^### /m).slice(1);
  expect(sections).toHaveLength(5);
  for (const section of sections) {
    const [, clauses = ''] = /^- Clauses?: (.*?)\n- Instead: /ms.exec(section) ?? [];
    const named = [...clauses.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(names).toEqual(expect.arrayContaining(named));
  }
  expect(names).toContain('is tried on a service that tells right from wrong');
});

test('the guide lists what the contract cannot see, and nothing that no test shows', () => {
  const [, list = ''] = /## What the contract cannot see(.*)$/s.exec(GUIDE) ?? [];
  const faults = [...list.matchAll(/^- \*\*(.*?)\.\*\*/gm)].map(([, fault]) => fault);
  expect(faults).toEqual(Object.keys(UNSEEN));
});

describe('the commands of the guide', () => {
  /** Whether this Node.js reads TypeScript. If not, what `bundle` makes takes its place, as the guide says. */
  const readsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
  const ESBUILD = join(ROOT, 'node_modules/.bin/esbuild');
  const lines = blocks('sh').flatMap((block) => block.trim().split('\n'));
  let rig: CommandRig;
  beforeEach(async () => {
    rig = await CommandRig.make();
    await mkdir(at('node_modules'));
    symlinkSync(ROOT, at('node_modules/quarterturn'));
    writeFileSync(at('package.json'), '{ "private": true }');
  });
  afterEach(() => rig.end());

  const at = (...path: string[]) => join(rig.folder, ...path);
  const written = (path: string) => readFileSync(at(path), 'utf8');
  const run = async (line: string, env = {}) => (await rig.shell(line, env)).end;
  const compiled = (name: string) =>
    `'${ESBUILD}' ${name} --bundle --packages=external --platform=node --format=esm --log-level=error`;

  /**
   * A line of the guide, for a shell in which `quarterturn` is the command as built.
   *
   * @param how `exec` for a command that is stopped in the end
   */
  function shell(line: string, how = ''): string {
    const [, file = ''] = /(gate\/[\w.]+\.ts)/.exec(line) ?? [];
    const command = how + line.replace(/^npx /, '').replace(/^node /, `'${process.execPath}' `);
    if (readsTypes || file === '' || line.includes(' bundle ')) return command;
    if (line.startsWith('node ')) {
      return `${compiled(file)} --outfile=${file}.mjs && ${command.replace(file, `${file}.mjs`)}`;
    }
    if (!line.includes(' rehearse ')) return command.replace(file, 'dist/lambda/gate/index.mjs');
    const made = `${compiled('gate/rehearsal.ts gate/lambda.ts')} --outdir=made --out-extension:.js=.mjs`;
    return `${made} && ${command.replace(file, 'made/lambda.mjs')}`;
  }

  test('lead from an empty folder to a rotation that an operator watches', async () => {
    const said = new Map<string, string>();
    const env: Record<string, string> = { NODE_NO_WARNINGS: '1' };
    writeFileSync(at('secrets.json'), '{}');
    let client: SecretsManager | undefined;
    for (const line of lines) {
      // From the registry, which no test asks.
      if (line.startsWith('npm install ')) continue;
      if (line.startsWith('export ')) {
        for (const [, name = '', value = ''] of line.matchAll(/(\w+)=(\S+)/g)) env[name] ??= value;
        continue;
      }
      if (line.includes(' local ')) {
        env.AWS_ENDPOINT_URL_SECRETS_MANAGER = await startLocal(line, env);
        continue;
      }
      if (line.startsWith('aws ')) {
        client = await attach(line, env);
        continue;
      }
      const { code, stdout, stderr } = await run(shell(line), env);
      expect([line, code, stderr]).toEqual([line, 0, code === 0 ? stderr : '']);
      said.set(line, stdout);
      // The commands after it may need what it makes.
      if (line === 'npx quarterturn init gate') await run('quarterturn bundle gate/lambda.ts');
    }
    client?.destroy();

    const answerTo = (command: string) =>
      said.get(lines.find((line) => line.startsWith(command)) ?? '') ?? '';
    expect(answerTo('node --test gate/contract.test.ts')).toMatch(/(?:#|ℹ) pass 4\d\n(?:#|ℹ) fail 0/);
    expect(answerTo('npx quarterturn rehearse')).toContain('yes  the service accepts the new value');
    expect(answerTo('npx quarterturn run')).toMatch(/finishSecret +promoted/);
    expect(answerTo('npx quarterturn test')).toContain('AWSCURRENT works.');
    expect(answerTo('npx quarterturn rotate')).toMatch(/^app\/gate: rotated /);
    expect(written('gate.tf')).toContain('variable "secret_arn"');
    expect(written('gate-stack.ts')).toMatch(/class RotationStack .*secretArn/s);
  });

  /** Serves the gate as the guide says, and starts the local Secrets Manager on a port that is free. */
  async function startLocal(line: string, env: Record<string, string>): Promise<string> {
    writeFileSync(at('gate/serve.ts'), published('serve'));
    const serving = await rig.shell(shell('node gate/serve.ts', 'exec '), env);
    await until(() => serving.output.stdout.includes('secrets.json'));
    const local = await rig.shell(`${shell(line, 'exec ')} --port 0`, env);
    await until(() => local.output.stdout.includes('app/gate'));
    return /http:\/\/127\.0\.0\.1:\d+/.exec(local.output.stdout)?.[0] ?? '';
  }

  /** What `aws secretsmanager rotate-secret` does, of the function that the local Secrets Manager has. */
  async function attach(
    line: string,
    { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint = '' }: Record<string, string>,
  ) {
    expect(line).toMatch(
      /^aws secretsmanager rotate-secret --secret-id app\/gate .* --no-rotate-immediately$/,
    );
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SecretsManager({ endpoint, region: 'eu-west-1', credentials });
    const RotationLambdaARN = 'arn:aws:lambda:eu-west-1:123456789012:function:rotate';
    await client.rotateSecret({ SecretId: 'app/gate', RotationLambdaARN, RotateImmediately: false });
    // The test of the current value ends when its version has lost AWSPENDING.
    await until(async () => {
      const { VersionIdsToStages = {} } = await client.describeSecret({ SecretId: 'app/gate' });
      return !Object.values(VersionIdsToStages).flat().includes('AWSPENDING');
    });
    return client;
  }

  test('a rotator that tries AWSCURRENT alone is told what the guide shows', async () => {
    await run('quarterturn init gate');
    writeFileSync(
      at('gate/rotator.ts'),
      written('gate/rotator.ts').replace('of [current, pending]', 'of [current]'),
    );
    const [name = '', message = ''] = blocks('text')[0]?.trim().split('\n\n') ?? [];
    const file = `${compiled('gate/contract.test.ts')} --outfile=contract.test.mjs`;
    const tried = `'${process.execPath}' --test --test-reporter=tap --test-name-pattern='${name}' contract.test.mjs`;
    const { code, stdout } = await run(`${file} && ${tried}`);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^ *not ok \\d+ - ${name}$`, 'm'));
    const [beginning = ''] = message.replaceAll('\n', ' ').split('…');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(beginning);
  });
});
