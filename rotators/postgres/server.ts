import type { DatabaseServer } from '../databases/engine.js';
import { type ServerFacts, serverFacts } from './facts.js';
import { ask, logIn } from './login.js';
import { rankOf } from './password/rank.js';
import { setFor, setOwn } from './password/set.js';
import type { PostgresSecret } from './secret.js';
import type { Session } from './session.js';

/** Operations on a server. Loaded at the first login, to keep cold starts short. */
export const server: DatabaseServer<PostgresSecret, Session, ServerFacts> = {
  logIn,
  ask,
  facts: serverFacts,
  setOwn,
  setFor,
  rankOf,
};
