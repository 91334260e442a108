import type { Engine } from '../databases/engine.js';
import type { ServerFacts } from './facts.js';
import { POSTGRESQL, type PostgresSecret } from './secret.js';
import type { Session } from './session.js';

export const engine: Engine<PostgresSecret, Session, ServerFacts> = {
  ...POSTGRESQL,
  name: 'postgres',
  rejectionHint:
    'the server also refuses a role that does not exist, has no password, or whose VALID UNTIL has passed',
  keeps: 1,
  server: () => import('./server.js').then(({ server }) => server),
};
