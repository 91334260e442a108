import { alternatingUsers } from '../../../../rotators/mysql/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'alternatingUsers()',
  only: 'mysql',
  by: 'an administrator',
  isPair: true,
  granted: 'SELECT ON mysql.help_topic',
  clausesOf: (subject, way) =>
    rotatorContract({
      ...subject,
      overlaps: true,
      rotator: () => alternatingUsers({ ca: way.ca, timeoutMs: 3000 }),
    }),
});
