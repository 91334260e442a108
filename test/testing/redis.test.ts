import { rotatorContract } from '../../src/testing/index.js';
import { redis } from '../readme/redis.js';
import { redisSubject } from '../readme/redis-subject.js';
import { leaksOnPurpose } from '../support/canary.js';
import { mayTakeAsLongAs } from '../support/timeouts.js';
import { said } from './contracts.js';
import { CAUGHT } from './redis-mutants.js';
import { mutated } from './redis-mutated.js';

mayTakeAsLongAs('servers');
const subject = redisSubject();

for (const { name, run } of rotatorContract({ ...subject, rotator: redis })) test(name, run, 60_000);

const MUTANTS = Object.entries(CAUGHT).flatMap(([clause, mutants]) =>
  mutants.map((mutant) => ({ ...mutant, clause })),
);

test.each(MUTANTS)('one that $what breaks the clause "$clause"', async ({ clause, advice, ...mutant }) => {
  if (clause.startsWith('lets nothing secret')) leaksOnPurpose();
  const clauses = rotatorContract({ ...subject, rotator: mutated(mutant) });
  expect(await said(clauses, clause)).toMatchObject({ message: expect.stringMatching(advice) });
});
