import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import { RotationError, type StepContext } from '../../../src/index.js';
import type { DatabaseSecret } from '../secret.js';
import { describeCluster, describeInstance } from './api.js';
import type { EnginesOfRds, Identifiers } from './engine-in-rds.js';
import { assertEngine } from './look-ups.js';
import { isSameHost, rdsName } from './name.js';

/** A master user's secret. */
type MasterSecret = DatabaseSecret & Identifiers;

/** A DB instance or a DB cluster, as far as the rotation needs it. */
export interface Database {
  readonly kind: 'instance' | 'cluster';
  readonly id: string;
  /** Name for messages. */
  readonly name: string;
  readonly engine: string;
  /** Endpoint of the writer. */
  readonly host: string | undefined;
  readonly master: string | undefined;
  readonly status: string;
  /** Whether RDS is applying a new master password. */
  readonly isChanging: boolean;
  /** Other changes that wait for the maintenance window, by their names in the API: `EngineVersion`. */
  readonly pending: readonly string[];
  readonly isManagedByRds: boolean;
  readonly isReplica: boolean;
}

/**
 * Asks RDS for the database that a secret is for.
 *
 * @throws RotationError if it does not exist, if the secret is not its master user's, or if the function may not change the
 *   password
 */
export async function findDatabase(
  secret: MasterSecret,
  engine: EnginesOfRds & { readonly forOtherUsers: string },
  context: StepContext,
): Promise<Database> {
  const { kind, id } = identify(secret);
  const instance = kind === 'instance' ? await describeInstance(id, context) : undefined;
  // Instances of a cluster share the cluster's master user.
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
  throw new RotationError('ERR_SECRET_MALFORMED', `"host" is not an RDS endpoint: ${host}`, {
    hint: 'set "host" to the endpoint that RDS shows. To log in through another host, use the option `connectTo`',
  });
}

/** The secret's writer must not make RDS set the password of another database than the secret's. */
function assertIsMaster(secret: MasterSecret, { name, host, master }: Database, forOtherUsers: string): void {
  if (!isSameHost(host, secret.host)) {
    throw new RotationError('ERR_SECRET_MALFORMED', `"host" is not the endpoint of ${name}: ${secret.host}`, {
      hint: host === undefined ? 'RDS does not show its endpoint yet: wait for it' : `set "host" to ${host}`,
    });
  }
  if (master !== secret.username) {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"${secret.username}" is not the master user of ${name}`,
      {
        hint: `its master user is "${master}". RDS sets the password of no other user; ${forOtherUsers} can`,
      },
    );
  }
}

function assertIsOurs({ name, isManagedByRds, isReplica }: Database): void {
  if (isManagedByRds) {
    throw new RotationError('ERR_MANAGED_BY_SERVICE', `RDS manages the master user’s password of ${name}`, {
      hint: 'leave the rotation to RDS, which has its own secret for this password. Detach this function',
    });
  }
  if (isReplica) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${name} is a read replica`, {
      hint: 'a read replica has the password of its source. Set "host", and the identifier, to those of the source',
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

/** The SDK shows an absent value as `undefined`, or as an empty object. */
function isThere(value: unknown): boolean {
  return typeof value === 'object' ? Object.keys(value ?? {}).length > 0 : value !== undefined;
}
