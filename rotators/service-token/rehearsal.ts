import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { jsonObject, type Rehearsal, rotationHandler, type StartRehearsal } from '../../src/index.js';
import { serviceToken } from './index.js';
import { parseSecret } from './secret.js';
import { ask, type ProbeCall } from './service.js';
import { accepts } from './verify/index.js';

/** Rehearses on a service that it starts itself, which reads the secret after each step. */
export const startRehearsal: StartRehearsal = async ({ secretString }) => {
  if (secretString !== undefined) {
    throw new Error(
      'service-token can be rehearsed only on the service that the rehearsal starts: a secret does not name yours',
    );
  }
  const token = () => randomBytes(32).toString('base64url');
  const first = { previous: token(), current: token(), next: token() };
  const service = await startService(first);
  const probe = (bearer: string): ProbeCall => ({
    url: service.url,
    headers: { authorization: `Bearer ${bearer}` },
  });
  const rotator = serviceToken({ probe });

  const rehearsal: Rehearsal = {
    title: `a service that reads the secret, started for this rehearsal on ${service.url}`,
    secretString: JSON.stringify(first),
    rotator,
    overlaps: true,
    handler: (options) => rotationHandler(rotator, options),
    refresh: (current) => service.read(parseSecret(jsonObject(current) ?? {})),
    async accepts(version) {
      const { current = '' } = parseSecret(jsonObject(version) ?? {});
      return (await ask(probe(current), { signal: AbortSignal.timeout(10_000) })) === 'accepted';
    },
    // Nothing else was changed.
    restore: async () => {},
    stop: service.stop,
  };
  return rehearsal;
};

interface Service {
  readonly url: string;
  /** Refreshes its copy of the secret. */
  read(secret: Readonly<Record<string, unknown>>): void;
  stop(): Promise<void>;
}

async function startService(first: Readonly<Record<string, unknown>>): Promise<Service> {
  let secret = first;
  const server = createServer(({ headers }, response) => {
    const token = headers.authorization?.replace(/^Bearer /, '');
    response.writeHead(accepts(secret, token) ? 204 : 401).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the service has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    read(current) {
      secret = current;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
