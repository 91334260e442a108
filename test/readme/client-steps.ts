import pg from 'pg';
import { postgres } from '../../rotators/postgres/index.js';
import { rotatingSecret } from '../../src/client/index.js';
import { rotatingPool } from '../../src/client/pg/index.js';
import { rig } from '../../src/testing/index.js';

/** Queries a test server after each step of a rotation. `value` is the secret's first value. */
export async function queryAtEachStep(value: object): Promise<void> {
  const { secrets, secretId, begin, deliver } = await rig(postgres(), { secret: value });
  const secret = rotatingSecret(secretId, { client: secrets });
  const pool = rotatingPool(pg, secret, { maxUses: 1 }); // Each query logs in.
  try {
    await begin();
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
      await deliver(step);
      await pool.query('SELECT 1'); // A refusal would reject.
    }
  } finally {
    await pool.end(); // Before the server stops.
    secret.close();
  }
}
