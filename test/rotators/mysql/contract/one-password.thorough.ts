import { mysql } from '../../../../rotators/mysql/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'mysql() with an administrator that keeps one password',
  by: 'an administrator',
  clausesOf: ({ credentials: _, ...subject }, way) =>
    rotatorContract({
      ...subject,
      rotator: () => mysql({ ca: way.ca, timeoutMs: 3000, keeps: 1 }),
    }),
});
