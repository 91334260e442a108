import { type Rotator, stringField } from '../../src/index.js';
import { connectionsOf, type DatabaseOptions } from './connections.js';
import type { AlternatingEngine } from './engine.js';
import { pairFinder } from './pairs.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession } from './session.js';

/** Options of a rotator for alternating users. */
export interface AlternatingOptions<Secret extends DatabaseSecret> extends DatabaseOptions<Secret> {
  /**
   * Users that take turns: each original, and the name of its clone.
   *
   * @default `app` and `app_clone`, as in AWS's function
   */
  readonly pairs?: Readonly<Record<string, string>>;
}

/**
 * Returns a rotator of two users that take turns. The administrator that `masterarn` names sets the password of the user
 * that is not in use, so the password that applications hold stays valid for a whole interval.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password can meet the policy
 * @throws TypeError if any other option is invalid
 */
export function alternating<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
  Prepared,
>(
  engine: AlternatingEngine<Secret, Session, Facts, Prepared>,
  options: AlternatingOptions<Secret> = {},
): Rotator<Secret & { readonly masterarn: string }, 'username' | 'password'> {
  const { makePassword, ...connections } = connectionsOf(options, engine.turns);
  const pairOf = pairFinder(options.pairs ?? {}, engine.userNames);

  return {
    name: engine.name,
    rotates: ['username', 'password'],
    shows: engine.shows,
    ownWords: true,
    rejectionHint: engine.rejectionHint,
    parse: (json) => ({ ...engine.parse(json), masterarn: stringField(json, 'masterarn') }),
    belongs({ username }, current) {
      const { original, clone } = pairOf(current.username);
      return [original, clone].includes(username);
    },
    // The type of a secret may narrow these fields no further than to strings.
    createSecret: ({ username }) =>
      ({ username: pairOf(username).other, password: makePassword() }) as Pick<
        Secret & { readonly masterarn: string },
        'username' | 'password'
      >,
    async setSecret(versions, context) {
      const [turns, { takeTurns }] = await Promise.all([engine.turns(), import('./take-turns.js')]);
      const pair = pairOf(versions.current.username);
      await takeTurns(versions, pair, { kind: engine, server: turns, connections, context });
    },
    async testSecret(pending, context) {
      const session = await connections.logIn(pending, context);
      if (session === 'rejected') return 'rejected';
      try {
        await (await engine.turns()).prove(session, pairOf(pending.username), context);
        return 'accepted';
      } finally {
        await session.end();
      }
    },
  };
}
