import { mysql } from '../../../../rotators/mysql/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'mysql() with an administrator',
  by: 'an administrator',
  clausesOf: (subject, way) =>
    rotatorContract({
      ...subject,
      overlaps: true,
      rotator: () => mysql({ ca: way.ca, timeoutMs: 3000 }),
    }),
});
