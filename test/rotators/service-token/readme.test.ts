import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { accepts } from '../../../rotators/service-token/verify/index.js';
import { rotatingSecret, tokenGuard } from '../../../src/client/index.js';
import { rig } from '../../../src/testing/index.js';
import { gateToken } from '../../readme/service-token.js';
import { listening } from '../../support/listening.js';

const read = (path: string) => readFileSync(join(__dirname, '../../..', path), 'utf8');
const README = read('rotators/service-token/README.md');

test.each([
  ['test/readme/service-token.ts', 30],
  ['test/readme/token-guard.ts', 15],
])('the README has the code of %s, which has fewer than %i lines', (path, most) => {
  const code = read(path)
    .replace("'../../src/index.js'", "'quarterturn'")
    .replace("'../../src/client/index.js'", "'quarterturn/client'")
    .replace(/'\.\.\/\.\.\/(rotators\/.*)\/index\.js'/g, "'quarterturn/$1'");
  expect(README).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.trimEnd().split('\n').length).toBeLessThan(most);
});

/** A gate that gets the tokens to accept. */
let accepted: unknown[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  if (request.method === 'PUT' && request.url === '/tokens') {
    if (token !== 'administrators-token') return response.writeHead(403).end();
    accepted = JSON.parse(body).accepted;
    return response.writeHead(204).end();
  }
  return response.writeHead(accepted.includes(token) ? 200 : 401).end();
});
afterAll(() => server.close());

async function rotating() {
  const gate = gateToken(`http://127.0.0.1:${await listening(server)}`);
  const others = { 'gate/administrator': { token: 'administrators-token' } };
  const { rotate, secretString, secrets, secretId } = await rig(gate, { secret: {}, others });
  const guard = () => tokenGuard(rotatingSecret(secretId, { client: secrets }), accepts);
  return { rotate, readSecretString: () => secretString('AWSCURRENT'), guard };
}

test("the README's rotator tells a gate, and its guard accepts what clients send", async () => {
  const { rotate, readSecretString, guard } = await rotating();
  let isLate = guard();
  let late: string | undefined;
  for (let n = 0; n < 4; n++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const isFresh = guard();
    const { current } = JSON.parse(await readSecretString());
    for (const token of [current, late ?? current]) {
      expect(accepted).toContain(token);
      expect(await isFresh(`Bearer ${token}`)).toBe(true);
      expect(await isLate(`Bearer ${token}`)).toBe(true);
    }
    expect(await isFresh('Bearer administrators-token')).toBe(false);
    expect(await isFresh()).toBe(false);
    late = current;
    isLate = guard();
    await isLate();
  }
  expect(accepted).toHaveLength(4);
});
