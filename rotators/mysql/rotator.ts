import type { Rotator } from '../../src/index.js';
import { connectionsOf } from '../databases/connections.js';
import type { Engine } from '../databases/engine.js';
import { singleUser } from '../databases/single-user.js';
import type { AccountFacts, Session } from './account.js';
import { type MysqlOptions, type ServerOptions, serverOptions } from './options.js';
import { MYSQL, type MysqlSecret } from './secret.js';

/**
 * The rotator that `mysql()` returns.
 *
 * @param statements for tests: of a server that takes two passwords in two statements alone, there is none to be had
 */
export function rotatorFor(
  options: MysqlOptions,
  statements: ServerOptions['statements'] = 'one',
): Rotator<MysqlSecret, 'password'> {
  const engine = engineFor(serverOptions(options, statements));
  // There is none to turn off: the variable for it is not read.
  const common = { ...options, channelBinding: false };
  const { makePassword: _, ...connections } = connectionsOf(common, engine.server);
  const rotator = singleUser(engine, common);
  return {
    ...rotator,
    async createSecret(current, context) {
      if (!current.ssl) {
        const { assertProvable } = await import('./password/in-clear.js');
        await assertProvable(current, options, { connections, context });
      }
      return rotator.createSecret(current, context);
    },
  };
}

/** What `mysql()` is made of. */
export function engineFor(options: ServerOptions): Engine<MysqlSecret, Session, AccountFacts> {
  return {
    ...MYSQL,
    name: 'mysql',
    rejectionHint:
      'a user that does not exist for the function’s address, or whose account wants TLS or a certificate (REQUIRE), is refused ' +
      'like one with a wrong password',
    keeps: options.keeps,
    server: () => import('./server.js').then(({ serverFor }) => serverFor(options)),
  };
}
