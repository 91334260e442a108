import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import { awsFailure, RotationError, type StepContext } from '../../../src/index.js';

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
    throw toFailure(error, `rds:${action} of ${target}`);
  }
}

function toFailure(error: unknown, what: string): RotationError {
  const [code, problem, hint] = awsFailure(error, {
    resource: 'this DB instance or cluster',
    way:
      'most often the function is in a VPC without a way to the RDS API: an interface endpoint com.amazonaws.<region>.rds ' +
      '(its security group must let port 443 in) or a NAT gateway',
    refusals: [
      [
        /NotFound(Fault)?$/,
        [
          'ERR_SERVICE_NOT_FOUND',
          'found nothing of that name',
          'it must be in the account and the Region of the function; correct the name in the secret',
        ],
      ],
    ],
  });
  return new RotationError(code, `${what} ${problem}`, { hint, cause: error });
}

function missing(target: string): never {
  throw new RotationError('ERR_SERVICE_NOT_FOUND', `RDS says nothing of ${target}`);
}
