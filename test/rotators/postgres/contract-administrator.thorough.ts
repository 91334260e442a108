import { postgres } from '../../../rotators/postgres/index.js';
import { rotatorContract } from '../../../src/testing/index.js';
import { postgresContract } from '../../support/postgres-contract.js';

const rotator = () => postgres({ timeoutMs: 2000 });

postgresContract('postgres() with an administrator', ({ withAdministrator }) =>
  rotatorContract({ ...withAdministrator, rotator }),
);
