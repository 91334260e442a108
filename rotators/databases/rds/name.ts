/** Parts of an RDS host name: `db-1.c1a2b3.eu-west-1.rds.amazonaws.com`. */
export interface RdsName {
  /** Identifier of a DB instance or cluster, or name of a custom endpoint. */
  readonly id: string;
  /** Whether it is an endpoint of a cluster: the writer's, the readers', or a custom one. */
  readonly isCluster: boolean;
  /** Everything after the identifier and the account's part: `eu-west-1.rds.amazonaws.com`. */
  readonly zone: string;
}

/**
 * Returns the parts of a host name that has the form of an RDS name. The form proves nothing: anyone can name a host so, and
 * only RDS knows its own.
 */
export function rdsName(host: string): RdsName | undefined {
  const [id = '', account = '', ...zone] = host.toLowerCase().split('.');
  // In China the Region comes after it.
  const isRds = /^[a-z][a-z0-9-]*$/.test(id) && (zone[0] === 'rds' || zone[1] === 'rds');
  return isRds ? { id, isCluster: account.startsWith('cluster-'), zone: zone.join('.') } : undefined;
}

/** Whether a host is an RDS Proxy, by its name: AWS does not document how else to recognise one. */
export function isRdsProxy(host: string): boolean {
  return /\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(?:\.cn)?$/i.test(host);
}

export function isSameHost(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
