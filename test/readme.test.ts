import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { lineTo, rotatorContract, type TcpLine } from '../src/testing/index.js';
import { gate } from './readme/gate.js';
import { loseAnAnswer } from './readme/local.js';

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');
const README = read('README.md');

test("the README's rotator is the one that is tested here", () => {
  const code = read('test/readme/gate.ts').replaceAll("'../../src/index.js'", "'quarterturn'");
  expect(README).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.split('\n').length).toBeLessThanOrEqual(40);
});

test('the README has a row for each error code, and for no other', () => {
  const codes = new Set(read('src/errors.ts').match(/ERR_[A-Z_0-9]+/g));
  const rows = new Set(README.match(/^\| `ERR_[A-Z_0-9]+`/gm)?.map((row) => row.slice(3, -1)));
  expect(rows).toEqual(codes);
});

test('the README has fewer than 220 lines, and its links lead to files', () => {
  expect(README.split('\n').length).toBeLessThan(220);
  for (const [, path] of README.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
    expect(() => read(path!)).not.toThrow();
});

test("the local Secrets Manager's README has the code that is run here, and its links lead to files", async () => {
  const guide = read('src/local/README.md');
  const code = read('test/readme/local.ts')
    .replaceAll("'../../src/index.js'", "'quarterturn'")
    .replace("'../../src/testing/index.js'", "'quarterturn/testing'");
  expect(guide).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  for (const [, path] of guide.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(() => read(join('src/local', path!))).not.toThrow();
  }
  const secret = { url: doorUrl(), user: 'door-7', password: door.password };
  expect(await loseAnAnswer(JSON.stringify(secret))).toEqual({
    hits: 1,
    outcomes: ['failed', 'succeeded', 'succeeded'],
    events: [
      'RotationStarted',
      'RotationFailed',
      'RotationSucceeded',
      'RotationStarted',
      'RotationSucceeded',
    ],
  });
});

/** A gate: one user, one password, over real HTTP. */
const door = { password: 'first-password-1' };
let line: TcpLine;
const server = createServer(async (request, response) => {
  const given = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
  const isRight = given === `door-7:${door.password}`;
  let body = '';
  for await (const chunk of request) body += chunk;
  if (isRight && request.method === 'PUT') door.password = body;
  return response.writeHead(isRight ? 200 : 401).end();
});

function doorUrl(): string {
  return `http://${line.host}:${line.port}`;
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  line = await lineTo((server.address() as AddressInfo).port);
});
afterAll(async () => {
  await line.close();
  await new Promise((resolve) => server.close(resolve));
});

test.each(
  rotatorContract({
    rotator: gate,
    reset() {
      door.password = 'first-password-1';
      return { url: doorUrl(), user: 'door-7', password: door.password };
    },
    accepts: ({ password }) => password === door.password,
    line: () => line,
  }),
)("the README's rotator $name", ({ run }) => run());
