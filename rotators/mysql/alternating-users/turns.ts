import type { Turns } from '../../databases/engine.js';
import { type AccountFacts, accountFacts, type Session } from '../account.js';
import { watchReplica } from '../password/arrival.js';
import type { MysqlSecret } from '../secret.js';
import { login } from '../session.js';
import { giveTurn, type Prepared, prepare } from './give-turn.js';
import { prove } from './prove.js';

/** Returns the operations on a server. Loaded at the first login, to keep cold starts short. */
export function turnsWith(
  serverPublicKey: string | undefined,
): Turns<MysqlSecret, Session, AccountFacts, Prepared> {
  return {
    logIn: (secret, options) => login(secret, { ...options, serverPublicKey }),
    // The login has asked already.
    ask: async (session) => session.assertOpen(),
    facts: accountFacts,
    watch: (pending, sessions) => watchReplica(pending, sessions, 1),
    prove,
    prepare,
    giveTurn,
  };
}
