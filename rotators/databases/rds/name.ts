/** What the name of a host in RDS says: `db-1.c1a2b3.eu-west-1.rds.amazonaws.com`. */
export interface RdsName {
  /** The identifier of a DB instance or cluster, or the name of a custom endpoint. */
  readonly id: string;
  /** Whether it is an endpoint of a cluster: the writer's, the readers', or a custom one. */
  readonly isCluster: boolean;
  /** All but the identifier and the account's part: `eu-west-1.rds.amazonaws.com`. */
  readonly zone: string;
}

/**
 * Reads the name of a host, if it has the form of RDS's names. That proves nothing: anybody may call a host so, and
 * only RDS knows whether it is its own.
 */
export function rdsName(host: string): RdsName | undefined {
  const [id = '', account = '', ...zone] = host.toLowerCase().split('.');
  // In China the Region comes after it.
  const isRds = /^[a-z][a-z0-9-]*$/.test(id) && (zone[0] === 'rds' || zone[1] === 'rds');
  return isRds ? { id, isCluster: account.startsWith('cluster-'), zone: zone.join('.') } : undefined;
}

/** By its name: what RDS Proxy says of the processes behind it is not documented. */
export function isRdsProxy(host: string): boolean {
  return /\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(?:\.cn)?$/i.test(host);
}

export function isSameHost(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
