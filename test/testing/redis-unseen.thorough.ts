import { rotatorContract } from '../../src/testing/index.js';
import { redisSubject } from '../readme/redis-subject.js';
import { mayTakeAsLongAs } from '../support/timeouts.js';
import { UNSEEN } from './redis-mutants.js';
import { mutated } from './redis-mutated.js';

mayTakeAsLongAs('servers');
const subject = redisSubject();

describe.each(Object.values(UNSEEN).flat())('a rotator of Redis users that $what', (mutant) => {
  test.each(rotatorContract({ ...subject, rotator: mutated(mutant) }))('$name', ({ run }) => run());
});
