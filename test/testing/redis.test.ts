import { rotatorContract } from '../../src/testing/index.js';
import { redis } from '../readme/redis.js';
import { redisSubject } from './redis-subject.js';

const subject = redisSubject();

test.each(rotatorContract({ ...subject, rotator: redis }))('the rotator of Redis users $name', ({ run }) => run());
