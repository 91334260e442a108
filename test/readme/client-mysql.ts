import mysql from 'mysql2';
import { rotatingSecret } from '../../src/client/index.js';
import { rotatingMysqlPool } from '../../src/client/mysql2/index.js';

const secret = rotatingSecret('app/db');
export const pool = rotatingMysqlPool(mysql, secret, { connectionLimit: 20 }).promise();
