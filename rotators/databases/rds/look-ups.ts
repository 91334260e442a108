import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import type { Tag } from '@aws-sdk/client-secrets-manager';
import { isRotationError, RotationError, type StepContext } from '../../../src/index.js';
import { describeCluster, describeInstance } from './api.js';
import type { EnginesOfRds } from './engine-in-rds.js';
import { isSameHost, rdsName } from './name.js';

/** Tags that only AWS can set: whoever may write the secret cannot make it another database's. */
const INSTANCE_TAG = 'aws:rds:primarydbinstancearn';
const CLUSTER_TAG = 'aws:rds:primarydbclusterarn';

/**
 * Finds the database of a master user's secret that RDS manages, which holds no more than `username` and `password`: its
 * tags name the DB instance or cluster.
 *
 * @throws RotationError
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
    { hint: 'add "host" to it; only in secrets that RDS itself manages can it be missing' },
  );
}

function target(arn: string, engine = 'unknown', host: string | undefined, port: number | undefined) {
  if (host === undefined || port === undefined) {
    throw new RotationError('ERR_SERVICE_FAILED', `${arn} has no endpoint`, {
      hint: 'it is being created or deleted',
    });
  }
  return { engine, host, port };
}

/** @throws RotationError `ERR_SERVICE_UNSUPPORTED` */
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
 * Whether RDS says that a host is a read replica of another: a password that is changed at the one is soon the other's.
 * False for what is no host of RDS in this account and Region.
 *
 * @throws RotationError if RDS could not be asked
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

/** The DB instance whose endpoint a host is: not one that merely has the same identifier. */
async function instanceAt(host: string, context: StepContext): Promise<DBInstance | undefined> {
  const instance = await describeInstance(rdsName(host)?.id ?? '', context).catch(absent);
  return isSameHost(instance?.Endpoint?.Address, host) ? instance : undefined;
}

/** The cluster that is written to at a host: its writer's endpoint, or that of the DB instance which is the writer. */
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
  // The API of this Region knows nothing of the other's, but how hosts are called there.
  const [own = '', other = ''] = [regionOf(DBInstanceArn), regionOf(source)];
  const zone = rdsName(Endpoint?.Address ?? '')?.zone.replace(own, other);
  const name = rdsName(host);
  return name?.zone === zone && name?.id === source.split(':').at(-1);
}

function regionOf(arn: string | undefined): string | undefined {
  return arn?.split(':')[3];
}

/** What RDS does not know is nobody's replica. */
function absent(error: unknown): undefined {
  if (isRotationError(error) && error.code === 'ERR_SERVICE_NOT_FOUND') return undefined;
  throw error;
}
