import { type Rotator, stringField } from '../../src/index.js';
import { connectionsOf, type DatabaseOptions } from './connections.js';
import type { AlternatingEngine } from './engine.js';
import { pairFinder } from './pairs.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession } from './session.js';

/** What a rotator for alternating users can be told. */
export interface AlternatingOptions<Secret extends DatabaseSecret> extends DatabaseOptions<Secret> {
  /**
   * Which users take turns: the original, and its clone.
   *
   * @default `app` and `app_clone`, as in AWS's function
   */
  readonly pairs?: Readonly<Record<string, string>>;
}

/**
 * Returns the rotator of two users that take turns, so that what applications hold stays valid for a whole interval: the
 * administrator that `masterarn` names sets the password of the one that is not in use.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
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
    // A secret may say no more of them than that they are strings.
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
