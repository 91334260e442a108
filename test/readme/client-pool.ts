import pg from 'pg';
import { rotatingSecret } from '../../src/client/index.js';
import { rotatingPool } from '../../src/client/pg/index.js';

export const secret = rotatingSecret('app/db');
export const pool = rotatingPool(pg, secret, { max: 20 });
