import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import { RotationError, type StepContext } from '../../../src/index.js';
import type { DatabaseSecret } from '../secret.js';
import { describeCluster, describeInstance } from './api.js';
import type { EnginesOfRds, Identifiers } from './engine-in-rds.js';
import { assertEngine } from './look-ups.js';
import { isSameHost, rdsName } from './name.js';

/** The secret of a master user. */
type MasterSecret = DatabaseSecret & Identifiers;

/** What a DB instance and a DB cluster have in common here. */
export interface Database {
  readonly kind: 'instance' | 'cluster';
  readonly id: string;
  /** For messages. */
  readonly name: string;
  readonly engine: string;
  /** Where it is written to. */
  readonly host: string | undefined;
  readonly master: string | undefined;
  readonly status: string;
  /** Whether a new password of the master user is being applied. */
  readonly isChanging: boolean;
  /** What else waits to be applied, as the API calls it: an `EngineVersion` for the maintenance window. */
  readonly pending: readonly string[];
  readonly isManagedByRds: boolean;
  readonly isReplica: boolean;
}

/**
 * Asks RDS for the database that a secret is for.
 *
 * @throws RotationError if there is none, if the secret is not its master user's, or if the password is not ours to change
 */
export async function findDatabase(
  secret: MasterSecret,
  engine: EnginesOfRds & { readonly forOtherUsers: string },
  context: StepContext,
): Promise<Database> {
  const { kind, id } = identify(secret);
  const instance = kind === 'instance' ? await describeInstance(id, context) : undefined;
  // The master user of an instance in a cluster is the cluster's.
  const clusterId = kind === 'cluster' ? id : instance?.DBClusterIdentifier;
  const database =
    instance && clusterId === undefined
      ? ofInstance(instance)
      : ofCluster(await describeCluster(clusterId ?? id, context));
  assertEngine(database.engine, database.name, engine);
  assertIsMaster(secret, database, engine.forOtherUsers);
  assertIsOurs(database);
  return database;
}

function identify({ dbClusterIdentifier, dbInstanceIdentifier, host }: MasterSecret): {
  readonly kind: Database['kind'];
  readonly id: string;
} {
  if (dbClusterIdentifier !== undefined) return { kind: 'cluster', id: dbClusterIdentifier };
  if (dbInstanceIdentifier !== undefined) return { kind: 'instance', id: dbInstanceIdentifier };
  const name = rdsName(host);
  if (name) return { kind: name.isCluster ? 'cluster' : 'instance', id: name.id };
  throw new RotationError('ERR_SECRET_MALFORMED', `"host" is no endpoint of RDS: ${host}`, {
    hint: 'make it the endpoint that RDS shows; the option `connectTo` can lead elsewhere for logins',
  });
}

/** The secret's writer must not have the password of a database set that the secret does not lead to. */
function assertIsMaster(secret: MasterSecret, { name, host, master }: Database, forOtherUsers: string): void {
  if (!isSameHost(host, secret.host)) {
    throw new RotationError('ERR_SECRET_MALFORMED', `"host" is not the endpoint of ${name}: ${secret.host}`, {
      hint: `it must be ${host ?? 'an endpoint, which RDS does not show yet'}`,
    });
  }
  if (master !== secret.username) {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"${secret.username}" is not the master user of ${name}`,
      {
        hint: `that is "${master}"; RDS sets the password of no other user, but ${forOtherUsers} can`,
      },
    );
  }
}

function assertIsOurs({ name, isManagedByRds, isReplica }: Database): void {
  if (isManagedByRds) {
    throw new RotationError('ERR_MANAGED_BY_SERVICE', `RDS manages the master user’s password of ${name}`, {
      hint: 'it rotates it by itself, in a secret of its own: let it, and detach this function',
    });
  }
  if (isReplica) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${name} is a read replica`, {
      hint: 'it has the password of its source: make the secret’s "host", and identifier, that one’s',
    });
  }
}

function ofInstance(instance: DBInstance): Database {
  return {
    kind: 'instance',
    id: instance.DBInstanceIdentifier ?? '',
    name: `the DB instance ${instance.DBInstanceIdentifier}`,
    host: instance.Endpoint?.Address,
    isReplica:
      instance.ReadReplicaSourceDBInstanceIdentifier !== undefined ||
      instance.ReadReplicaSourceDBClusterIdentifier !== undefined,
    ...inCommon(instance, instance.DBInstanceStatus),
  };
}

function ofCluster(cluster: DBCluster): Database {
  return {
    kind: 'cluster',
    id: cluster.DBClusterIdentifier ?? '',
    name: `the DB cluster ${cluster.DBClusterIdentifier}`,
    host: cluster.Endpoint,
    isReplica: cluster.ReplicationSourceIdentifier !== undefined,
    ...inCommon(cluster, cluster.Status),
  };
}

function inCommon(found: DBInstance | DBCluster, status = 'unknown') {
  return {
    engine: found.Engine ?? 'unknown',
    master: found.MasterUsername,
    status,
    isChanging: found.PendingModifiedValues?.MasterUserPassword !== undefined,
    pending: Object.entries(found.PendingModifiedValues ?? {})
      .filter(([name, value]) => name !== 'MasterUserPassword' && isThere(value))
      .map(([name]) => name),
    isManagedByRds: found.MasterUserSecret !== undefined,
  };
}

/** The SDK may show what is not there as nothing, or as an object that is empty. */
function isThere(value: unknown): boolean {
  return typeof value === 'object' ? Object.keys(value ?? {}).length > 0 : value !== undefined;
}
