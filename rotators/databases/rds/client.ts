import {
  DescribeDBClustersCommand,
  type DescribeDBClustersMessage,
  DescribeDBInstancesCommand,
  type DescribeDBInstancesMessage,
  ModifyDBClusterCommand,
  type ModifyDBClusterMessage,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceMessage,
  RDSClient,
} from '@aws-sdk/client-rds';
import { noteThrottles } from '../../../src/index.js';

/**
 * The only file that loads the SDK for RDS. Load it with `import()`, when a call is to be made: most functions never
 * need one. The client is made once per container.
 */
const client = noteThrottles(
  new RDSClient({
    // Not `adaptive`, which slows down all later calls of a container that was throttled once.
    retryMode: 'standard',
    // `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
    requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
  }),
);

interface CallOptions {
  readonly abortSignal: AbortSignal;
}

export const rds = {
  describeDBInstances: (input: DescribeDBInstancesMessage, options: CallOptions) =>
    client.send(new DescribeDBInstancesCommand(input), options),
  describeDBClusters: (input: DescribeDBClustersMessage, options: CallOptions) =>
    client.send(new DescribeDBClustersCommand(input), options),
  modifyDBInstance: (input: ModifyDBInstanceMessage, options: CallOptions) =>
    client.send(new ModifyDBInstanceCommand(input), options),
  modifyDBCluster: (input: ModifyDBClusterMessage, options: CallOptions) =>
    client.send(new ModifyDBClusterCommand(input), options),
};
