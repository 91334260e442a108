import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import * as quarterturn from '../../src/index.js';
import { rotatorContract } from '../../src/testing/index.js';
import { redis } from '../readme/redis.js';
import { leaksOnPurpose } from '../support/canary.js';
import { said } from './contracts.js';
import { CAUGHT, type Mutant } from './redis-mutants.js';
import { redisSubject } from './redis-subject.js';

const subject = redisSubject();

test.each(rotatorContract({ ...subject, rotator: redis }))('the rotator of Redis users $name', ({ run }) =>
  run(),
);

const SOURCE = readFileSync(join(__dirname, '../readme/redis.ts'), 'utf8');

/** The rotator with a fault in it. */
function mutated({ changes }: Mutant): typeof redis {
  const source = changes.reduce((text, [from, to]) => {
    expect(text.split(from)).toHaveLength(2);
    return text.replace(from, () => to);
  }, SOURCE);
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const module: { redis?: typeof redis } = {};
  const find = (name: string) => (name.startsWith('.') ? quarterturn : require(name));
  new Function('exports', 'require', code)(module, find);
  return module.redis ?? redis;
}

const MUTANTS = Object.entries(CAUGHT).flatMap(([clause, mutants]) =>
  mutants.map((mutant) => ({ ...mutant, clause })),
);

test.each(MUTANTS)('one that $what breaks the clause "$clause"', async ({ clause, advice, ...mutant }) => {
  if (clause.startsWith('lets nothing secret')) leaksOnPurpose();
  const clauses = rotatorContract({ ...subject, rotator: mutated(mutant) });
  expect(await said(clauses, clause)).toMatchObject({ message: expect.stringMatching(advice) });
});
