import { alternatingUsers } from '../../../../rotators/mysql/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'alternatingUsers() without TLS',
  only: 'mysql',
  by: 'an administrator',
  isPlain: true,
  isPair: true,
  clausesOf: (subject, way) =>
    rotatorContract({
      ...subject,
      overlaps: true,
      rotator: () =>
        alternatingUsers({
          timeoutMs: 3000,
          ...(way.serverPublicKey !== undefined && { serverPublicKey: way.serverPublicKey }),
        }),
    }),
});
