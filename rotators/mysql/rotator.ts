import type { Rotator } from '../../src/index.js';
import { connectionsOf } from '../databases/connections.js';
import type { Engine } from '../databases/engine.js';
import type { Logins } from '../databases/session.js';
import { singleUser } from '../databases/single-user.js';
import type { AccountFacts, Session } from './account.js';
import { type MysqlOptions, type ServerOptions, serverOptions } from './options.js';
import { MYSQL, type MysqlSecret, REJECTION_HINT } from './secret.js';

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
  const common = { ...options, channelBinding: false } as const;
  return provable(singleUser(engine, common), common, engine.server);
}

/** Has createSecret ask besides whether a new password could be proved, if the secret says `"ssl": false`. */
export function provable<Secret extends MysqlSecret, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
  options: MysqlOptions & { readonly channelBinding: false },
  load: () => Promise<Logins<MysqlSecret, Session>>,
): Rotator<Secret, Field> {
  const { makePassword: _, ...connections } = connectionsOf(options, load);
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

function engineFor(options: ServerOptions): Engine<MysqlSecret, Session, AccountFacts> {
  return {
    ...MYSQL,
    name: 'mysql',
    rejectionHint: REJECTION_HINT,
    keeps: options.keeps,
    server: () => import('./server.js').then(({ serverFor }) => serverFor(options)),
  };
}
