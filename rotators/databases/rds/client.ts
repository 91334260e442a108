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
 * The only file that loads the SDK for RDS. Load it with `import()` right before a call: most functions never make one.
 * The client is made once per container.
 */
const client = noteThrottles(
  new RDSClient({
    // Not `adaptive`: after one throttle it slows down all later calls of the container.
    retryMode: 'standard',
    // `requestTimeout` alone only prints a warning. Without a timeout the SDK waits for ever.
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
