import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rotatorContract } from '../../src/testing/index.js';
import { UNSEEN } from '../testing/redis-mutants.js';
import { redis } from './redis.js';
import { redisSubject } from './redis-subject.js';

const read = (path: string) => readFileSync(join(__dirname, '../..', path), 'utf8');
const GUIDE = read('src/testing/README.md');
const subject = redisSubject();

test.each(['redis', 'redis-subject'])('the guide has the code of %s that is run in tests', (name) => {
  const code = read(`test/readme/${name}.ts`)
    .replaceAll("'../../src/index.js'", "'quarterturn'")
    .replace("'../../src/testing/index.js'", "'quarterturn/testing'")
    .replace('../support/redis-server.js', './redis-server.js');
  expect(GUIDE).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
});

test('the guide says what each member of a subject is', () => {
  const [, body = ''] =
    /interface ContractSubject<.*?\{\n(.*?)\n\}\n/s.exec(read('src/testing/subject.ts')) ?? [];
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member);
  expect(members.length).toBeGreaterThan(10);
  for (const member of members) expect(GUIDE).toMatch(new RegExp(`^\\| \`${member}\\b`, 'm'));
});

test('the clauses that the guide names are those of the contract', () => {
  const names = rotatorContract({ ...subject, rotator: redis }).map(({ name }) => name);
  const [, table = ''] = /## Five mistakes.*?\n(.*?)\n## /s.exec(GUIDE) ?? [];
  const rows = table.match(/^\| (?!Mistake|---).*$/gm) ?? [];
  expect(rows).toHaveLength(5);
  for (const row of rows) {
    const named = [...(row.split(' | ')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(names).toEqual(expect.arrayContaining(named));
  }
});

test('the guide lists what the contract cannot see, and nothing that no test shows', () => {
  const [, table = ''] = /## What the contract cannot see(.*)$/s.exec(GUIDE) ?? [];
  const rows = [...table.matchAll(/^\| (?!Fault|---)(.*?) \|/gm)].map(([, fault]) => fault);
  expect(rows).toEqual(Object.keys(UNSEEN));
});
