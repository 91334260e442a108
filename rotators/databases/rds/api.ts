import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import { RotationError, type StepContext } from '../../../src/index.js';
import { toRdsFailure } from './failures.js';

type Client = typeof import('./client.js')['rds'];

/**
 * DescribeDBInstances of one DB instance, by its identifier or its ARN.
 *
 * @throws RotationError `ERR_SERVICE_NOT_FOUND` if there is none
 */
export async function describeInstance(id: string, context: StepContext): Promise<DBInstance> {
  const target = `the DB instance ${id}`;
  const { DBInstances } = await call('DescribeDBInstances', target, context, (client, options) =>
    client.describeDBInstances({ DBInstanceIdentifier: id }, options),
  );
  return DBInstances?.[0] ?? missing(target);
}

/**
 * DescribeDBClusters of one DB cluster, by its identifier or its ARN.
 *
 * @throws RotationError `ERR_SERVICE_NOT_FOUND` if there is none
 */
export async function describeCluster(id: string, context: StepContext): Promise<DBCluster> {
  const target = `the DB cluster ${id}`;
  const { DBClusters } = await call('DescribeDBClusters', target, context, (client, options) =>
    client.describeDBClusters({ DBClusterIdentifier: id }, options),
  );
  return DBClusters?.[0] ?? missing(target);
}

/** Makes one call to RDS, which ends by the deadline, and turns its failure into a RotationError. */
export async function call<T>(
  action: string,
  target: string,
  { signal }: StepContext,
  work: (client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { rds } = await import('./client.js');
  try {
    return await work(rds, { abortSignal: signal });
  } catch (error) {
    throw toRdsFailure(error, action, target);
  }
}

function missing(target: string): never {
  throw new RotationError('ERR_SERVICE_NOT_FOUND', `RDS says nothing of ${target}`);
}
