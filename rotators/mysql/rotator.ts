import type { Rotator } from '../../src/index.js';
import { connectionsOf, type DatabaseOptions } from '../databases/connections.js';
import type { Engine } from '../databases/engine.js';
import type { Logins } from '../databases/session.js';
import { singleUser } from '../databases/single-user.js';
import type { AccountFacts, Session } from './account.js';
import { type MysqlOptions, type ServerOptions, serverOptions } from './options.js';
import { MYSQL, type MysqlSecret, REJECTION_HINT } from './secret.js';

/**
 * Returns the rotator of `mysql()`.
 *
 * @param statements for tests, which have no server that needs two statements
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

/** Turns channel binding off: MySQL has none, and CHANNEL_BINDING must not be read. */
export function withoutBinding<Options extends object>(
  options: Options,
): Options & { readonly channelBinding: false } {
  return { ...options, channelBinding: false };
}

/**
 * Returns the rotator with one check more for secrets with `"ssl": false`: createSecret stores no value that testSecret could
 * not prove.
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

/** Returns the engine of `mysql()`. */
export function engineFor(options: ServerOptions): Engine<MysqlSecret, Session, AccountFacts> {
  return {
    ...MYSQL,
    name: 'mysql',
    rejectionHint: REJECTION_HINT,
    keeps: options.keeps,
    server: () => import('./server.js').then(({ serverFor }) => serverFor(options)),
  };
}
