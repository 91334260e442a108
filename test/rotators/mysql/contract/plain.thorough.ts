import { mysql } from '../../../../rotators/mysql/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { mysqlContract } from '../../../support/mysql-contract.js';

mysqlContract({
  title: 'mysql() with an administrator, without TLS',
  by: 'an administrator',
  isPlain: true,
  clausesOf: (subject, way) =>
    rotatorContract({
      ...subject,
      overlaps: true,
      rotator: () =>
        mysql({
          timeoutMs: 3000,
          ...(way.serverPublicKey !== undefined && { serverPublicKey: way.serverPublicKey }),
        }),
    }),
});
