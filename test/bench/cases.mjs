// The rotations that are measured: those that need nothing of the internet.
import pg from 'pg';
import { alternatingUsers, postgres } from 'quarterturn/rotators/postgres';
import { serviceToken } from 'quarterturn/rotators/service-token';
import { startRehearsal } from '../../dist/esm/rotators/api-key/rehearsal.js';
import { startServer } from '../../dist/esm/rotators/postgres/embedded-server.js';

/** Starts what they rotate on. Each has its own user, so that none rotates what another has left. */
export async function startCases() {
  const server = await startServer({ from: import.meta.url });
  const stops = [server.stop];
  const stop = async () => {
    for (const each of stops) await each();
  };
  try {
    const keys = await startRehearsal({});
    stops.push(keys.stop);
    return { cases: casesOn(await makeUsers(server), keys), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function casesOn({ single, administered, alternating, admin }, keys) {
  const others = { admin };
  const withAdmin = (user) => ({ value: { ...user, masterarn: 'admin' } });
  return [
    {
      name: 'Postgres, single user',
      isPassword: true,
      isTimed: true,
      rotator: postgres(),
      secret: { value: single },
    },
    {
      name: 'Postgres, single user with an administrator',
      rotator: postgres(),
      secret: withAdmin(administered),
      others,
    },
    {
      name: 'Postgres, alternating users',
      isTimed: true,
      rotator: alternatingUsers(),
      secret: withAdmin(alternating),
      others,
    },
    {
      name: 'API key, by a spec',
      rotator: keys.rotator,
      secret: { value: JSON.parse(keys.secretString) },
    },
    {
      name: 'service token',
      rotator: serviceToken(),
      secret: {
        value: { previous: 'bench-token-previous', current: 'bench-token-current', next: 'bench-token-next' },
      },
    },
  ];
}

async function makeUsers({ host, port, username, password }) {
  const admin = { engine: 'postgres', host, port, username, password, dbname: 'postgres', ssl: false };
  const client = new pg.Client({ host, port, user: username, password, database: 'postgres', ssl: false });
  await client.connect();
  const users = { admin };
  for (const name of ['single', 'administered', 'alternating']) {
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD 'bench-first-1'`);
    users[name] = { ...admin, username: name, password: 'bench-first-1' };
  }
  await client.end();
  return users;
}
