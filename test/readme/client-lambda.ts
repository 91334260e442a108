import type { Pool } from 'pg';
import pg from 'pg';
import { rotatingSecret } from '../../src/client/index.js';
import { rotatingPool } from '../../src/client/pg/index.js';

let leftMs = (): number => 0;
// Stops waiting a second before the function's deadline: then it fails with an error, not a timeout.
const secret = rotatingSecret('app/db', { windowMs: () => leftMs() - 1000 });
export const pool: Pool = rotatingPool(pg, secret, { max: 1 });

export async function handler(_event: unknown, context: { getRemainingTimeInMillis(): number }) {
  leftMs = () => context.getRemainingTimeInMillis();
  return (await pool.query('SELECT now()')).rows;
}
