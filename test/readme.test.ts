import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { rotatorContract } from '../src/testing/index.js';
import { gate } from './readme/gate.js';

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');
const README = read('README.md');

test("the README's rotator is the one that is tested here", () => {
  const code = read('test/readme/gate.ts').replace("'../../src/index.js'", "'quarterturn'");
  expect(README).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.split('\n').length).toBeLessThanOrEqual(40);
});

test('the README has a row for each error code, and for no other', () => {
  const codes = new Set(read('src/errors.ts').match(/ERR_[A-Z_0-9]+/g));
  const rows = new Set(README.match(/^\| `ERR_[A-Z_0-9]+`/gm)?.map((row) => row.slice(3, -1)));
  expect(rows).toEqual(codes);
});

test('the README has fewer than 200 lines, and its links lead to files', () => {
  expect(README.split('\n').length).toBeLessThan(200);
  for (const [, path] of README.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
    expect(() => read(path!)).not.toThrow();
});

/** A gate: one user, one password, over real HTTP. */
const door = { password: 'first-password-1', isCut: false };
const server = createServer(async (request, response) => {
  if (door.isCut) return request.socket.destroy();
  const given = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
  const isRight = given === `door-7:${door.password}`;
  let body = '';
  for await (const chunk of request) body += chunk;
  if (isRight && request.method === 'PUT') door.password = body;
  return response.writeHead(isRight ? 200 : 401).end();
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each(
  rotatorContract({
    rotator: gate(),
    reset() {
      Object.assign(door, { password: 'first-password-1', isCut: false });
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      return { url: `http://127.0.0.1:${port}`, user: 'door-7', password: door.password };
    },
    accepts: ({ password }) => password === door.password,
    unplug() {
      door.isCut = true;
    },
  }),
)("the README's rotator $name", ({ run }) => run());
