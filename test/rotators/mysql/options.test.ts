import { type MysqlOptions, mysql } from '../../../rotators/mysql/index.js';
import { certificate } from '../../support/postgres.js';

const parse = (json: object) => mysql().parse({ host: 'db', username: 'app', password: 'x', ...json });

test.each<readonly [string, MysqlOptions, RegExp]>([
  ['more passwords than a server keeps', { keeps: 3 as 2 }, /^keeps must be 1 or 2$/],
  ['a user without a host', { hosts: { app: [] } }, /^hosts must name each host of "app" once/],
  ['a host twice', { hosts: { app: ['%', '%'] } }, /^hosts must name each host of "app" once/],
  ['the path of a key', { serverPublicKey: '/etc/key.pem' }, /^serverPublicKey must be a public key in PEM/],
  ['no time at all', { timeoutMs: 0 }, /^timeoutMs must be/],
])('%s is refused when the rotator is made', (_, options, message) => {
  expect(() => mysql(options)).toThrow(message);
});

test('a certificate is no key of the server’s', async () => {
  const key = await certificate('server.pem');
  expect(() => mysql({ serverPublicKey: key })).toThrow(/^serverPublicKey must be/);
});

test.each([
  [{}, { engine: 'mysql', port: 3306, ssl: true }],
  [
    { engine: 'mariadb', port: '3307', dbname: 'shop' },
    { engine: 'mariadb', port: 3307, dbname: 'shop' },
  ],
  [
    { engine: 'aurora-mysql', ssl: 'FALSE' },
    { engine: 'aurora-mysql', ssl: false },
  ],
])('a secret as AWS’s functions have it is read: %j', (json, expected) => {
  expect(parse(json)).toMatchObject(expected);
});

test.each([{ engine: 'postgres' }, { host: '' }, { port: 'x' }])('%j is not taken for one', (json) => {
  expect(() => parse(json)).toThrow(TypeError);
});
