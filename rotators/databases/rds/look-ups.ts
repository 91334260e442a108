import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import type { Tag } from '@aws-sdk/client-secrets-manager';
import { isRotationError, RotationError, type StepContext } from '../../../src/index.js';
import { describeCluster, describeInstance } from './api.js';
import type { EnginesOfRds } from './engine-in-rds.js';
import { isSameHost, rdsName } from './name.js';

/** Tags that only AWS can set: the secret's writer cannot point them at another database. */
const INSTANCE_TAG = 'aws:rds:primarydbinstancearn';
const CLUSTER_TAG = 'aws:rds:primarydbclusterarn';

/**
 * Finds the database of a secret that RDS manages. Such a secret holds only `username` and `password`; its tags name the
 * DB instance or cluster.
 *
 * @throws RotationError if the secret has no such tag, or RDS does not describe a fitting database
 */
export async function managedTarget(
  secretId: string,
  tags: readonly Tag[] | undefined,
  kind: EnginesOfRds,
  context: StepContext,
): Promise<{ engine: string; host: string; port: number }> {
  const arnIn = (name: string): string | undefined =>
    tags?.find(({ Key, Value = '' }) => Key?.toLowerCase() === name && Value !== '' && Value.length <= 256)
      ?.Value;
  const [instanceArn, clusterArn] = [arnIn(INSTANCE_TAG), arnIn(CLUSTER_TAG)];
  if (instanceArn !== undefined) {
    const { Engine, Endpoint } = await describeInstance(instanceArn, context);
    assertEngine(Engine, instanceArn, kind);
    return target(instanceArn, Engine, Endpoint?.Address, Endpoint?.Port);
  }
  if (clusterArn !== undefined) {
    const { Engine, Endpoint, Port } = await describeCluster(clusterArn, context);
    assertEngine(Engine, clusterArn, kind);
    return target(clusterArn, Engine, Endpoint, Port);
  }
  throw new RotationError(
    'ERR_SECRET_MALFORMED',
    `${secretId} has no "host", and no tag ${INSTANCE_TAG} or ${CLUSTER_TAG} says which database it is for`,
    { hint: 'add "host" to that secret. Only secrets that RDS itself manages may omit it' },
  );
}

function target(arn: string, engine = 'unknown', host: string | undefined, port: number | undefined) {
  if (host === undefined || port === undefined) {
    throw new RotationError('ERR_SERVICE_FAILED', `${arn} has no endpoint`, {
      hint: 'RDS is creating or deleting the database: wait for its endpoint',
    });
  }
  return { engine, host, port };
}

/** @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the database runs another engine */
export function assertEngine(
  engine: string | undefined,
  name: string,
  { product, engines }: EnginesOfRds,
): void {
  if (engine !== undefined && engines.includes(engine)) return;
  const runs = `${name} runs ${engine ?? 'unknown'}`;
  throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${runs}, which is not ${product}`, {
    hint: `the engine must be ${engines.join(' or ')}`,
  });
}

/**
 * Whether RDS says that a host is a read replica of another. A password changed at the primary soon reaches the replica.
 * `false` for hosts that are not RDS endpoints of this account and Region.
 *
 * @throws RotationError if RDS does not answer
 */
export async function isReplicaOf(host: string, primaryHost: string, context: StepContext): Promise<boolean> {
  const replica = rdsName(host);
  if (!replica || !rdsName(primaryHost)) return false;
  if (replica.isCluster) {
    const cluster = await clusterWrittenAt(primaryHost, context);
    const readers = [cluster?.ReaderEndpoint, ...(cluster?.CustomEndpoints ?? [])];
    return readers.some((reader) => isSameHost(reader, host));
  }
  const instance = await instanceAt(host, context);
  if (instance?.ReadReplicaSourceDBInstanceIdentifier !== undefined) {
    return isSourceAt(primaryHost, instance, instance.ReadReplicaSourceDBInstanceIdentifier, context);
  }
  if (instance?.DBClusterIdentifier === undefined) return false;
  const cluster = await clusterWrittenAt(primaryHost, context);
  return memberOf(cluster, instance)?.IsClusterWriter === false;
}

/** The DB instance with this endpoint. One that only has the same identifier does not count. */
async function instanceAt(host: string, context: StepContext): Promise<DBInstance | undefined> {
  const instance = await describeInstance(rdsName(host)?.id ?? '', context).catch(absent);
  return isSameHost(instance?.Endpoint?.Address, host) ? instance : undefined;
}

/** The cluster whose writer is at a host: the cluster's endpoint, or that of the writing DB instance. */
async function clusterWrittenAt(host: string, context: StepContext): Promise<DBCluster | undefined> {
  const name = rdsName(host);
  const instance = name?.isCluster ? undefined : await instanceAt(host, context);
  const id = name?.isCluster ? name.id : instance?.DBClusterIdentifier;
  if (id === undefined) return undefined;
  const cluster = await describeCluster(id, context).catch(absent);
  const isWriter = instance
    ? memberOf(cluster, instance)?.IsClusterWriter === true
    : isSameHost(cluster?.Endpoint, host);
  return isWriter ? cluster : undefined;
}

function memberOf(cluster: DBCluster | undefined, { DBInstanceIdentifier }: DBInstance) {
  return cluster?.DBClusterMembers?.find((member) => member.DBInstanceIdentifier === DBInstanceIdentifier);
}

async function isSourceAt(
  host: string,
  { Endpoint, DBInstanceArn }: DBInstance,
  source: string,
  context: StepContext,
): Promise<boolean> {
  if (!source.startsWith('arn:')) return (await instanceAt(host, context))?.DBInstanceIdentifier === source;
  // This Region's API does not describe the other Region, so compare host names.
  const [own = '', other = ''] = [regionOf(DBInstanceArn), regionOf(source)];
  const zone = rdsName(Endpoint?.Address ?? '')?.zone.replace(own, other);
  const name = rdsName(host);
  return name?.zone === zone && name?.id === source.split(':').at(-1);
}

function regionOf(arn: string | undefined): string | undefined {
  return arn?.split(':')[3];
}

/** A host that RDS does not know is not a replica. */
function absent(error: unknown): undefined {
  if (isRotationError(error) && error.code === 'ERR_SERVICE_NOT_FOUND') return undefined;
  throw error;
}
