import { rotationHandler, type StartRehearsal } from '../../../src/index.js';
import { acceptedBy } from '../../databases/rehearsal/on-server.js';
import { engine } from '../engine.js';
import { startForRehearsal } from '../rehearsal.js';
import { alternatingUsers } from './index.js';

const ADMINISTRATOR = 'administrator';

/** Rehearses on a PostgreSQL of its own: another one's administrator is not to be tried out on. */
export const startRehearsal: StartRehearsal = async ({ secretString }) => {
  if (secretString !== undefined) {
    throw new Error('alternating users are rehearsed on an embedded server alone: leave --secret out');
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
