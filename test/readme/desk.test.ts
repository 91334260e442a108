import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { desk } from '../../src/cli/init/templates/issued-key/rotator.js';
import { LocalSecretsManager, lineTo, rig, rotatorContract, type TcpLine } from '../../src/testing/index.js';
import { KeyProvider } from '../support/key-provider.js';
import { listening } from '../support/listening.js';

/** A service with keys, over real HTTP. */
let provider = new KeyProvider();
let line: TcpLine;
const server = createServer(answer);

function answer({ url = '', method, headers }: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
  const { pathname, searchParams } = new URL(url, 'http://desk');
  if (!provider.accepts(headers.authorization?.slice('Bearer '.length))) send(401, {});
  else if (method === 'POST') send(201, provider.issue(searchParams.get('name') ?? ''));
  else if (method === 'DELETE') send(provider.revoke(pathname.slice('/keys/'.length)) ? 200 : 404, {});
  else send(200, pathname === '/keys' ? provider.list().map(({ key: _, ...listed }) => listed) : {});
}

function reset() {
  provider = new KeyProvider();
  return { url: `http://${line.host}:${line.port}`, ...provider.issue('made by hand') };
}

beforeAll(async () => {
  line = await lineTo(await listening(server));
});
afterAll(async () => {
  await line.close();
  await new Promise((resolve) => server.close(resolve));
});

test.each(
  rotatorContract({
    rotator: desk,
    reset,
    accepts: ({ key }) => provider.accepts(key),
    line: () => line,
    credentials: () => provider.keys.size,
    overlaps: true,
  }),
)('the example $name', ({ run }) => run());

test("it is the one in the API keys' README", () => {
  const code = readFileSync(
    join(__dirname, '../../src/cli/init/templates/issued-key/rotator.ts'),
    'utf8',
  ).replace("'../../../../index.js'", "'quarterturn'");
  const readme = readFileSync(join(__dirname, '../../rotators/api-key/README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
});

test('the example leaves two keys live, rotation after rotation', async () => {
  const secrets = new LocalSecretsManager({ strict: true });
  const { rotate } = await rig(desk(), { secret: reset(), secrets });
  for (let rotation = 1; rotation <= 3; rotation++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect([...provider.keys.keys()]).toEqual([`id-${rotation}`, `id-${rotation + 1}`]);
  }
});
