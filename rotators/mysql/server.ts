import type { DatabaseServer } from '../databases/engine.js';
import { type AccountFacts, accountFacts, type Session } from './account.js';
import type { ServerOptions } from './options.js';
import { watchReplica } from './password/arrival.js';
import { rankOf } from './password/rank.js';
import { setFor } from './password/set-for.js';
import { setOwn } from './password/set-own.js';
import type { MysqlSecret } from './secret.js';
import { login } from './session.js';

/** Returns the operations on a server. Loaded at the first login, to keep cold starts short. */
export function serverFor(options: ServerOptions): DatabaseServer<MysqlSecret, Session, AccountFacts> {
  const { serverPublicKey, keeps } = options;
  return {
    logIn: (secret, loginOptions) => login(secret, { ...loginOptions, serverPublicKey }),
    // The login has asked already.
    ask: async (session) => session.assertOpen(),
    facts: accountFacts,
    // The change may end AWSCURRENT between a refused login and the one that would reset the count.
    watch: (pending, sessions) => watchReplica(pending, sessions, keeps === 1 ? 2 : 1),
    setOwn,
    setFor: (administrator, wanted, step) => setFor(administrator, wanted, step, options),
    rankOf,
  };
}
