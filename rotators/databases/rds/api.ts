import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import { awsFailure, RotationError, type StepContext } from '../../../src/index.js';

type Client = typeof import('./client.js')['rds'];

/**
 * Describes one DB instance (DescribeDBInstances), by its identifier or ARN.
 *
 * @throws RotationError `ERR_SERVICE_NOT_FOUND` if it does not exist
 */
export async function describeInstance(id: string, context: StepContext): Promise<DBInstance> {
  const target = `the DB instance ${id}`;
  const { DBInstances } = await call('DescribeDBInstances', target, context, (client, options) =>
    client.describeDBInstances({ DBInstanceIdentifier: id }, options),
  );
  return DBInstances?.[0] ?? missing(target);
}

/**
 * Describes one DB cluster (DescribeDBClusters), by its identifier or ARN.
 *
 * @throws RotationError `ERR_SERVICE_NOT_FOUND` if it does not exist
 */
export async function describeCluster(id: string, context: StepContext): Promise<DBCluster> {
  const target = `the DB cluster ${id}`;
  const { DBClusters } = await call('DescribeDBClusters', target, context, (client, options) =>
    client.describeDBClusters({ DBClusterIdentifier: id }, options),
  );
  return DBClusters?.[0] ?? missing(target);
}

/** Makes one call to RDS, ended by the step's deadline. Turns a failure into a RotationError. */
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
    throw toFailure(error, `rds:${action} of ${target}`);
  }
}

function toFailure(error: unknown, what: string): RotationError {
  const [code, problem, hint] = awsFailure(error, {
    resource: 'this DB instance or cluster',
    way:
      'most often the function is in a VPC that does not reach the RDS API. Add an interface endpoint ' +
      'com.amazonaws.<region>.rds (its security group must let port 443 in) or a NAT gateway',
    refusals: [
      [
        /NotFound(Fault)?$/,
        [
          'ERR_SERVICE_NOT_FOUND',
          'found nothing with that name',
          'correct the name in the secret. The database must be in the function’s account and Region',
        ],
      ],
    ],
  });
  return new RotationError(code, `${what} ${problem}`, { hint, cause: error });
}

function missing(target: string): never {
  throw new RotationError('ERR_SERVICE_NOT_FOUND', `RDS returned no description of ${target}`);
}
