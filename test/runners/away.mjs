import { equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const BOOTSTRAP = join(import.meta.dirname, '../support/lambda-bootstrap.mjs');

/**
 * Rotates a secret with the bundle of a project's rotator: copied away from all packages, run by Lambda's runtime interface,
 * on the service that `init` has written.
 *
 * @param deployed the folder that is uploaded, and the environment, if they are not those of the bundle alone
 */
export async function rotatesAway(
  project,
  folder,
  { code = join(project, 'dist/lambda', folder), env = {}, how = 'its bundle' } = {},
) {
  const { LocalSecretsManager } = await import(
    pathToFileURL(join(project, 'node_modules/quarterturn/dist/esm/src/testing/index.js'))
  );
  const service = await serviceOf(project, folder);
  const secrets = new LocalSecretsManager({ strict: true });
  const listener = await secrets.listen();
  const lambda = await start(code, { ...env, SECRETS_MANAGER_ENDPOINT: listener.url });
  try {
    const RotationLambdaARN = secrets.addFunction('rotate', lambda.invoke);
    const first = service.reset();
    await secrets.createSecret({ Name: 'app', SecretString: JSON.stringify(first) });
    await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN });
    const { outcome, steps } = await secrets.rotation('app').run();
    equal(outcome, 'succeeded', JSON.stringify(steps.map(({ error }) => error?.message)));
    const { SecretString } = await secrets.getSecretValue({ SecretId: 'app' });
    equal(service.accepts(JSON.parse(SecretString).password), true);
    equal(service.accepts(first.password), false);
    process.stdout.write(`${folder}: ${how} has rotated a secret, away from all packages\n`);
  } finally {
    lambda.stop();
    await listener.close();
    await service.stop();
  }
}

async function serviceOf(project, folder) {
  const outfile = join(project, folder, 'service.mjs');
  const entryPoints = [join(project, folder, 'service.ts')];
  await build({ entryPoints, outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm' });
  const { startService } = await import(pathToFileURL(outfile));
  return startService();
}

/** A process with an environment such as Lambda's, which asks the Runtime API for its events. */
async function start(bundle, env) {
  const folder = mkdtempSync(join(tmpdir(), 'quarterturn-away-'));
  cpSync(bundle, folder, { recursive: true });
  const waiting = [];
  const running = new Map();
  let asking;
  const goOn = () => {
    if (!asking || waiting.length === 0) return;
    const { id, event, deadline, ...ends } = waiting.shift();
    running.set(id, ends);
    const headers = { 'lambda-runtime-aws-request-id': id, 'lambda-runtime-deadline-ms': String(deadline) };
    asking.writeHead(200, headers).end(JSON.stringify(event));
    asking = undefined;
  };
  const server = createServer(async (request, response) => {
    const [, id, kind] = /\/runtime\/(?:invocation\/)?([\w-]+)(?:\/(\w+))?$/.exec(request.url);
    const body = await text(request);
    if (id === 'next') {
      asking = response;
      return goOn();
    }
    response.writeHead(202).end();
    if (id === 'init') throw new Error(`the bundle cannot be loaded: ${body}`);
    const { resolve, reject } = running.get(id);
    if (kind === 'error') reject(new Error(body));
    else resolve(JSON.parse(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const child = spawn(process.execPath, [BOOTSTRAP], {
    cwd: folder,
    env: {
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: folder,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${server.address().port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'rotate',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      NODE_OPTIONS: '--disallow-code-generation-from-strings',
      NODE_NO_WARNINGS: '1',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    invoke: (event, { awsRequestId: id, getRemainingTimeInMillis }) =>
      new Promise((resolve, reject) => {
        waiting.push({ id, event, deadline: Date.now() + getRemainingTimeInMillis(), resolve, reject });
        goOn();
      }),
    stop() {
      child.kill('SIGKILL');
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
