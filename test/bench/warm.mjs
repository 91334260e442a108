// One warm function and many secrets: how fast it rotates them, and whether its memory grows.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LocalSecretsManager } from 'quarterturn/testing';
import { LAMBDA_ENV } from './lambda-env.mjs';

const HANDLER = join(import.meta.dirname, 'warm-handler.mjs');
/** It has nothing behind it: what is measured is the engine and the SDK's client. */
const BUNDLE = join(import.meta.dirname, '../../dist/lambda/service-token/index.mjs');
const FIRST = JSON.stringify({
  previous: 'bench-token-previous',
  current: 'bench-token-current',
  next: 'bench-token-next',
});

/**
 * Rotates each secret once, and reads the function's memory before, between and after. The secrets are in this process,
 * with a version more for each rotation; the function is in another, which asks for them over a socket.
 */
export async function measureWarm({ secrets: count, flags = [], signal }) {
  const secrets = new LocalSecretsManager();
  const names = Array.from({ length: count }, (_, n) => `app/${n}`);
  for (const Name of names) await secrets.createSecret({ Name, SecretString: FIRST });
  const listener = await secrets.listen();
  const container = startContainer(listener.url, { flags, signal });
  try {
    const RotationLambdaARN = secrets.addFunction('warm', container.invoke);
    const samples = [{ rotations: 0, ...(await container.memory()) }];
    let ms = 0;
    for (let done = 0; done < count; ) {
      const start = performance.now();
      for (const end = done + count / 4; done < end; done++) {
        await secrets.rotateSecret({ SecretId: names[done], RotationLambdaARN });
        const { outcome, steps } = await secrets.rotation(names[done]).run();
        if (outcome !== 'succeeded') throw steps.at(-1)?.error ?? new Error(outcome);
      }
      ms += performance.now() - start;
      samples.push({ rotations: done, ...(await container.memory()) });
    }
    return { samples, perSecond: (count / ms) * 1000 };
  } finally {
    container.stop();
    await listener.close();
  }
}

function startContainer(endpoint, { flags, signal }) {
  const child = fork(HANDLER, [pathToFileURL(BUNDLE).href], {
    execArgv: ['--expose-gc', ...flags],
    env: { ...LAMBDA_ENV, SECRETS_MANAGER_ENDPOINT: endpoint },
    // What it logs is for nobody.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal,
  });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the function ended with ${code}`);
  });
  gone.catch(() => {}); // It does so when it is stopped, too.
  const ask = async (message) => {
    const answer = once(child, 'message');
    answer.catch(() => {});
    child.send(message);
    const [{ error, ...rest }] = await Promise.race([answer, gone]);
    if (error !== undefined) throw new Error(error);
    return rest;
  };
  return { invoke: (event) => ask(event), memory: () => ask('memory'), stop: () => child.kill() };
}
