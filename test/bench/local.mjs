// What the local Secrets Manager costs: `npm run bench:local`. It reports; it does not judge.
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { rotationHandler } from 'quarterturn';
import { LocalSecretsManager } from 'quarterturn/testing';

const SECONDS = 2;
const VERSIONS = 10;

/** Calls `work` for two seconds, after a moment to warm up; calls per second. */
async function rate(work) {
  for (const end = performance.now() + 500; performance.now() < end; ) await work();
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < SECONDS * 1000; calls++) await work();
  return Math.round((calls / (performance.now() - start)) * 1000);
}

function report(what, value, unit) {
  process.stdout.write(`${what.padEnd(58)} ${String(value).padStart(9)} ${unit}\n`);
}

/** So many secrets, each with ten versions, and the memory that they take. */
async function filled(count) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const secrets = new LocalSecretsManager();
  for (let secret = 0; secret < count; secret++) {
    const Name = `app/${secret}`;
    await secrets.createSecret({ Name, SecretString: `{"password":"${Name} 0"}` });
    for (let version = 1; version < VERSIONS; version++) {
      await secrets.putSecretValue({ SecretId: Name, SecretString: `{"password":"${Name} ${version}"}` });
    }
  }
  globalThis.gc?.();
  return { secrets, megabytes: Math.round((process.memoryUsage().heapUsed - before) / 1_048_576) };
}

/** A rotator with nothing behind it. */
const nothing = {
  name: 'nothing',
  rotates: ['password'],
  shows: [],
  parse: (json) => json,
  createSecret: () => ({ password: crypto.randomUUID() }),
  setSecret: () => {},
  testSecret: () => 'accepted',
};

for (const count of [1, 10_000]) {
  const { secrets, megabytes } = await filled(count);
  const label = `${count.toLocaleString('en')} secret${count > 1 ? 's' : ''}`;
  if (count > 1) report(`memory of ${label} of ${VERSIONS} versions`, megabytes, 'MiB');
  const SecretId = 'app/0';

  const get = () => secrets.getSecretValue({ SecretId });
  report(`GetSecretValue in process, ${label}`, await rate(get), 'per second');

  const listener = await secrets.listen();
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const client = new SecretsManager({ endpoint: listener.url, region: 'eu-west-1', credentials });
  report(
    `GetSecretValue over the socket, one at a time, ${label}`,
    await rate(() => client.getSecretValue({ SecretId })),
    'per second',
  );
  const tenAtOnce = () => Promise.all(Array.from({ length: 10 }, () => client.getSecretValue({ SecretId })));
  report(
    `GetSecretValue over the socket, ten at a time, ${label}`,
    (await rate(tenAtOnce)) * 10,
    'per second',
  );
  client.destroy();
  await listener.close();

  const lambdaArn = secrets.addFunction(
    'nothing',
    rotationHandler(nothing, { client: secrets, log: () => {} }),
  );
  let rotated = 0;
  const rotate = async () => {
    // Another secret each time: what is measured is a rotation, not a secret with thousands of versions.
    const Name = `rotated/${rotated++}`;
    await secrets.createSecret({ Name, SecretString: '{"password":"first"}' });
    await secrets.rotateSecret({ SecretId: Name, RotationLambdaARN: lambdaArn });
    await secrets.rotation(Name).run();
  };
  report(`rotations in process with a rotator that does nothing, ${label}`, await rate(rotate), 'per second');
}
