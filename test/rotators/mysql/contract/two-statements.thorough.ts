import { rotatorFor } from '../../../../rotators/mysql/rotator.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'mysql() as on a server that takes an account once in a statement',
  only: 'mysql',
  by: 'an administrator',
  clausesOf: (subject, way) =>
    rotatorContract({
      ...subject,
      overlaps: true,
      rotator: () => rotatorFor({ ca: way.ca, timeoutMs: 3000 }, 'two'),
    }),
});
