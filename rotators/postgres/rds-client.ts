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

/**
 * The only file that loads the SDK for RDS. Load it with `import()`, when a call is to be made: most functions never
 * need one. The client is made once per container.
 */
const client = new RDSClient({
  retryMode: 'adaptive',
  // `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
  requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
});

export interface CallOptions {
  readonly abortSignal: AbortSignal;
}

export function describeDBInstances(input: DescribeDBInstancesMessage, options: CallOptions) {
  return client.send(new DescribeDBInstancesCommand(input), options);
}

export function describeDBClusters(input: DescribeDBClustersMessage, options: CallOptions) {
  return client.send(new DescribeDBClustersCommand(input), options);
}

export function modifyDBInstance(input: ModifyDBInstanceMessage, options: CallOptions) {
  return client.send(new ModifyDBInstanceCommand(input), options);
}

export function modifyDBCluster(input: ModifyDBClusterMessage, options: CallOptions) {
  return client.send(new ModifyDBClusterCommand(input), options);
}
