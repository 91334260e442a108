import { mysql } from '../../../../rotators/mysql/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'mysql() by itself, with the right to keep two passwords',
  only: 'mysql',
  by: 'the user itself',
  granted: 'APPLICATION_PASSWORD_ADMIN ON *.*',
  clausesOf: (subject, way) =>
    rotatorContract({
      ...subject,
      overlaps: true,
      rotator: () => mysql({ ca: way.ca, timeoutMs: 3000 }),
    }),
});

mysqlContract({
  title: 'mysql() by itself',
  by: 'the user itself',
  clausesOf: (subject, way) =>
    rotatorContract({ ...subject, rotator: () => mysql({ ca: way.ca, timeoutMs: 3000 }) }),
});
