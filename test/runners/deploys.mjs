import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { build, transformSync } from 'esbuild';
import { rotatesAway } from './away.mjs';

const ROOT = join(import.meta.dirname, '../..');
const ENVIRONMENT = { GATE_REALM: 'north', PASSWORD_LENGTH: '40' };

/**
 * Deploys the bundle of a project's rotator in each way that the pages name, up to where AWS is needed. What needs a tool
 * that is not there is skipped, and said to be.
 */
export async function deploysEachWay(project, folder) {
  const policy = (...args) =>
    execFileSync('npx', ['quarterturn', 'policy', `dist/lambda/${folder}/index.mjs`, ...args], {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  needsVariables(project, folder);
  const { function: made } = JSON.parse(policy('--json'));
  ok(existsSync(join(project, made.bundle, 'index.mjs')), made.bundle);
  terraform(project, policy('--terraform'), made.bundle);
  cdk(policy('--cdk'), made.bundle);
  await template(project, folder);
}

/** Has the manifest name variables, and bundles it again: it loads with those of ENVIRONMENT alone. */
function needsVariables(project, folder) {
  const path = join(project, folder, 'lambda.ts');
  const checks = Object.entries(ENVIRONMENT).map(([name, text]) => `environment.${name} !== '${text}'`);
  const manifest = readFileSync(path, 'utf8')
    .replace('environment: []', `environment: ${JSON.stringify(Object.keys(ENVIRONMENT))}`)
    .replace(/rotator: \(\) => (\w+)\(\)/, (_, make) => {
      // Commands read the manifest of a bundle without its variables.
      return `rotator: (environment) => {
    if (process.env.AWS_LAMBDA_RUNTIME_API && (${checks.join(' || ')})) throw new TypeError('not these variables');
    return ${make}();
  }`;
    });
  ok(Object.keys(ENVIRONMENT).every((name) => manifest.includes(`environment.${name}`)));
  writeFileSync(path, manifest);
  execFileSync('npx', ['quarterturn', 'bundle', `${folder}/lambda.ts`], { cwd: project, stdio: 'inherit' });
}

function terraform(project, code, bundle) {
  match(code, new RegExp(`variable "bundle" \\{\\n {2}type {4}= string\\n {2}default = "${bundle}"\\n`));
  match(code, /variable "environment" \{/);
  match(code, new RegExp(`It reads ${Object.keys(ENVIRONMENT).join(', ')}, `));
  if (!has('terraform', 'version')) {
    say('terraform is not installed: what policy --terraform prints was not formatted or validated');
    return;
  }
  equal(spawnSync('terraform', ['fmt', '-'], { input: code, encoding: 'utf8' }).stdout, code);
  say('terraform fmt leaves what policy --terraform prints as it is');
  const place = join(project, 'terraform');
  mkdirSync(place);
  writeFileSync(join(place, 'main.tf'), code);
  const options = { cwd: place, encoding: 'utf8' };
  if (spawnSync('terraform', ['init', '-backend=false', '-input=false'], options).status !== 0) {
    say('terraform cannot install its provider for AWS: what policy --terraform prints was not validated');
    return;
  }
  execFileSync('terraform', ['validate'], options);
  say('terraform validate takes what policy --terraform prints');
}

function cdk(code, bundle) {
  transformSync(code, { loader: 'ts' });
  ok(code.includes(`bundle = '${bundle}'`), code);
  match(code, new RegExp(`It reads ${Object.keys(ENVIRONMENT).join(', ')}, `));
  say('policy --cdk prints TypeScript; npm run deployment synthesises it: aws-cdk-lib is not installed here');
}

/** As the page says: a copy of the template beside dist/lambda. */
async function template(project, folder) {
  const page = readFileSync(join(project, 'node_modules/quarterturn/docs/deploy-your-own.md'), 'utf8');
  const [copy] = /^grep .* > template\.yaml$/m.exec(page);
  execFileSync('bash', ['-c', copy], { cwd: project });
  const place = join(project, 'template.yaml');
  lint(place);
  const { deployed, objections } = await evaluator();
  const parameters = {
    Rotator: 'custom',
    CustomBundle: folder,
    CustomEnvironment: JSON.stringify(ENVIRONMENT),
  };
  deepEqual(objections(parameters), []);
  const { CodeUri, Handler, Environment } = deployed(parameters).Function;
  const code = (await uploaded(project, place)) ?? join(project, CodeUri);
  const env = { ...Environment.Variables, _HANDLER: Handler };
  await rotatesAway(project, folder, { code, env, how: 'the bundle in template.yaml' });
}

function lint(place) {
  if (!has('python3', '--version')) return say('python3 is not installed: template.yaml was not linted');
  // Without its packages it says so.
  execFileSync('python3', [join(ROOT, '.build/lint-template.py'), place], { stdio: 'inherit' });
}

/** What reads the template, of the tests. */
async function evaluator() {
  const support = join(ROOT, 'test/support');
  const { outputFiles } = await build({
    entryPoints: [join(support, 'cloudformation.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    define: { __dirname: JSON.stringify(support) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
  });
  const [{ contents }] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(contents).toString('base64')}`);
}

/** The folder that `aws cloudformation package` uploads; undefined if it cannot be asked. */
async function uploaded(project, place) {
  if (!has('aws', '--version') || !has('python3', '--version')) {
    say('aws or python3 is not installed: the bundle in template.yaml was not packaged');
    return undefined;
  }
  const zip = join(project, 'uploaded.zip');
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.method === 'PUT') writeFileSync(zip, body);
    response.writeHead(request.method === 'HEAD' ? 404 : 200, { etag: '"0"' }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${server.address().port}`,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
    };
    const files = ['--template-file', place, '--output-template-file', join(project, 'packaged.yaml')];
    const args = ['cloudformation', 'package', '--s3-bucket', 'my-bucket', ...files];
    const child = spawn('aws', args, { cwd: project, env, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(child, 'exit');
    equal(code, 0, 'aws cloudformation package');
  } finally {
    server.close();
  }
  match(readFileSync(join(project, 'packaged.yaml'), 'utf8'), /CodeUri: s3:\/\/my-bucket\//);
  const folder = join(project, 'uploaded');
  execFileSync('python3', ['-m', 'zipfile', '-e', zip, folder]);
  say('aws cloudformation package uploads the bundles beside template.yaml');
  return folder;
}

function has(command, ...args) {
  return spawnSync(command, args).status === 0;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
