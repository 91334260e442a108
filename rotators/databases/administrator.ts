import { RotationError, type StepContext } from '../../src/index.js';
import type { Connections } from './connections.js';
import { type PostgresSecret, parseSecret, placeName, SHOWS } from './secret.js';
import { assertChangeable, type ServerFacts, serverFacts, type Witness } from './server.js';

/** An administrator's session with the server of a secret. */
export interface Administrator extends Witness {
  readonly facts: ServerFacts;
  /** Whether the secret's own host is a replica of the server that the session is with. */
  readonly isForReplica: boolean;
}

/**
 * Logs in with the administrator's secret that `masterarn` names. Whoever may write the secret chooses that name, so the
 * administrator must be one of the very server that the secret is for.
 *
 * @param users the roles that are to be changed: none of them is the administrator
 * @throws RotationError
 */
export async function logInAsAdministrator(
  secret: PostgresSecret & { readonly masterarn: string },
  users: readonly string[],
  connections: Connections,
  context: StepContext,
): Promise<Administrator> {
  const { masterarn } = secret;
  const target = await readAdministrator(masterarn, context);
  const relation = await relationOf(secret, target, connections, context);
  if (relation === 'none') {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"masterarn" names an administrator of ${placeName(target)}, and the secret is for ${placeName(secret)}`,
      {
        hint:
          'both must name the same host and port, or the secret’s host be a read replica in RDS of the administrator’s; ' +
          'where one server has two names, the option `connectTo` leads both to one',
      },
    );
  }
  if (users.includes(target.username)) {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"masterarn" names a secret of "${target.username}" itself`,
      {
        hint: 'it must be the secret of another user, who may change that one',
      },
    );
  }
  const session = await connections.logIn(target, context);
  if (session === 'rejected') throw await refused(target, masterarn, context);
  try {
    const facts = await serverFacts(session, target);
    assertChangeable(facts, target);
    await connections.assertReachesServer(session, facts, target);
    return { session, facts, target, isForReplica: relation === 'replica' };
  } catch (error) {
    await session.end();
    throw error;
  }
}

async function readAdministrator(masterarn: string, context: StepContext): Promise<PostgresSecret> {
  const json = await context.readSecret(masterarn, SHOWS);
  const isManagedByRds = Object.keys(json).sort().join() === 'password,username';
  const place = isManagedByRds && (await placeOfManaged(masterarn, context));
  try {
    return parseSecret({ ...json, ...place });
  } catch (cause) {
    const problem = cause instanceof TypeError ? `: ${cause.message}` : '';
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `the administrator’s secret ${masterarn} is not a PostgreSQL secret${problem}`,
      { hint: 'it needs host, username and password, or to be one that RDS manages', cause },
    );
  }
}

/** Loaded when RDS is to be asked: most administrators are of the same host, and say so. */
function lookUps() {
  return import('../databases/rds/look-ups.js');
}

async function placeOfManaged(masterarn: string, context: StepContext) {
  const { Tags } = await context.describeSecret(masterarn);
  const { managedTarget } = await lookUps();
  return managedTarget(masterarn, Tags, context);
}

async function relationOf(
  secret: PostgresSecret,
  administrator: PostgresSecret,
  { placeOf }: Connections,
  context: StepContext,
): Promise<'same server' | 'replica' | 'none'> {
  const [ours, theirs] = [placeOf(secret), placeOf(administrator)];
  if (ours.host === theirs.host && ours.port === theirs.port) return 'same server';
  const { isReplicaOf } = await lookUps();
  return (await isReplicaOf(secret.host, administrator.host, context)) ? 'replica' : 'none';
}

async function refused(
  { username, ...place }: PostgresSecret,
  masterarn: string,
  context: StepContext,
): Promise<RotationError> {
  const isBeingRotated = await isUnderRotation(masterarn, context);
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(place)} refused the administrator "${username}" of ${masterarn}`,
    {
      hint: isBeingRotated
        ? 'that secret is being rotated itself just now: the next attempt finds it done, if its rotation goes well'
        : 'store the administrator’s working password there; nothing was changed',
    },
  );
}

/** Whether a version waits as AWSPENDING. Who may not ask gets the other hint. */
async function isUnderRotation(secretId: string, context: StepContext): Promise<boolean> {
  try {
    const { VersionIdsToStages = {} } = await context.describeSecret(secretId);
    const labels = Object.values(VersionIdsToStages);
    return labels.some((own) => own.includes('AWSPENDING') && !own.includes('AWSCURRENT'));
  } catch {
    return false;
  }
}
