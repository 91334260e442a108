import { rotationHandler, type StartRehearsal } from '../../../src/index.js';
import { acceptedBy } from '../../databases/rehearsal/on-server.js';
import { engine } from '../engine.js';
import { startForRehearsal } from '../rehearsal.js';
import { alternatingUsers } from './index.js';

const ADMINISTRATOR = 'administrator';

/** Rehearses on an embedded PostgreSQL: a rehearsal must not use another server's administrator. */
export const startRehearsal: StartRehearsal = async ({ secretString }) => {
  if (secretString !== undefined) {
    throw new Error('alternating users can be rehearsed only on an embedded server: leave out --secret');
  }
  const { title, admin, app, stop } = await startForRehearsal();
  const rotator = alternatingUsers();
  return {
    title: `${title}, users "app" and "app_clone"`,
    secretString: JSON.stringify({ ...app, masterarn: ADMINISTRATOR }),
    otherSecrets: { [ADMINISTRATOR]: JSON.stringify(admin) },
    rotator,
    overlaps: true,
    handler: (options) => rotationHandler(rotator, options),
    accepts: acceptedBy(engine, engine.server),
    restore: () => Promise.reject(new Error('there is nothing to restore on an embedded server')),
    stop,
  };
};
