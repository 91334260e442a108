import type { Rotator } from '../../src/index.js';
import { connectionsOf, type DatabaseOptions } from '../databases/connections.js';
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
  const common = withoutBinding(options);
  return provable(singleUser(engine, common), common, {
    logins: engine.server,
    isSent: ({ masterarn }) => masterarn === undefined,
  });
}

/** There is none to turn off: the variable for it is not read. */
export function withoutBinding<Options extends object>(
  options: Options,
): Options & { readonly channelBinding: false } {
  return { ...options, channelBinding: false };
}

/**
 * A rotator that stores no value which could not be proved: for secrets that say `"ssl": false`.
 *
 * @param way `isSent`: whether setSecret sends the new password itself to the server
 */
export function provable<Secret extends MysqlSecret, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
  options: DatabaseOptions<MysqlSecret> & Pick<MysqlOptions, 'serverPublicKey'>,
  way: {
    readonly logins: () => Promise<Logins<MysqlSecret, Session>>;
    readonly isSent: (current: Secret) => boolean;
  },
): Rotator<Secret, Field> {
  const { makePassword: _, ...connections } = connectionsOf(options, way.logins);
  return {
    ...rotator,
    async createSecret(current, context) {
      if (!current.ssl) {
        const { assertProvable } = await import('./password/in-clear.js');
        const { serverPublicKey } = options;
        await assertProvable(
          current,
          { serverPublicKey, isSent: way.isSent(current) },
          { connections, context },
        );
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
    rejectionHint: REJECTION_HINT,
    keeps: options.keeps,
    server: () => import('./server.js').then(({ serverFor }) => serverFor(options)),
  };
}
