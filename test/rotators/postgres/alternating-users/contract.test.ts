import { alternatingUsers } from '../../../../rotators/postgres/index.js';
import { rotatorContract } from '../../../../src/testing/index.js';
import { postgresContract } from '../../../support/postgres-contract.js';

const rotator = () => alternatingUsers({ timeoutMs: 2000 });

postgresContract('alternatingUsers()', ({ withAdministrator, users }) =>
  rotatorContract({ ...withAdministrator, rotator, credentials: users, overlaps: true }),
);
