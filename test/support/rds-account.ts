import { setTimeout as sleep } from 'node:timers/promises';
import { AwsRefusal } from './aws-query.js';
import { assertPassword } from './rds-refusals.js';

export type Params = Readonly<Record<string, string>>;

interface Changeable {
  Engine: string;
  MasterUsername: string;
  MasterUserSecret?: { SecretArn: string; SecretStatus: string };
  PendingModifiedValues: {
    MasterUserPassword?: string;
    EngineVersion?: string;
    Iops?: number;
    AllocatedStorage?: number;
    IAMDatabaseAuthenticationEnabled?: boolean;
    PendingCloudwatchLogsExports?: { LogTypesToEnable: { member: string[] } };
  };
}

/** A DB instance, in the words of the API. */
export interface Instance extends Changeable {
  readonly DBInstanceIdentifier: string;
  readonly DBInstanceArn: string;
  DBInstanceStatus: string;
  Endpoint?: { Address: string; Port: number };
  DBClusterIdentifier?: string;
  ReadReplicaSourceDBInstanceIdentifier?: string;
}

/** A DB cluster, in the words of the API. */
export interface Cluster extends Changeable {
  readonly DBClusterIdentifier: string;
  readonly DBClusterArn: string;
  Status: string;
  Endpoint: string;
  ReaderEndpoint: string;
  CustomEndpoints: { member: string[] };
  Port: number;
  ReplicationSourceIdentifier?: string;
  DBClusterMembers: { DBClusterMember: { DBInstanceIdentifier: string; IsClusterWriter: boolean }[] };
}

const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';
const TAKES_CHANGES = ['available', 'storage-optimization'];
const ARN = 'arn:aws:rds:eu-west-1:123456789012';

/** The databases of an account in one Region, and what RDS allows to be done with them. */
export class RdsAccount {
  readonly #instances = new Map<string, Instance>();
  readonly #clusters = new Map<string, Cluster>();
  /** What waited for the maintenance window, and was made to happen now. */
  readonly applied: string[] = [];
  readonly #setPassword: (username: string, password: string) => Promise<unknown>;
  /** How long a change takes to be applied. */
  applyMs = 50;
  /** A change waits until this is false again. */
  isHeld = false;
  /** Whether Describe shows nothing of a change that is being applied. */
  isLagging = false;

  /** @param setPassword changes the password of a role in the database itself */
  constructor(setPassword: (username: string, password: string) => Promise<unknown>) {
    this.#setPassword = setPassword;
  }

  addInstance(id: string, parts: Partial<Instance> = {}): Instance {
    const instance: Instance = {
      DBInstanceIdentifier: id,
      DBInstanceArn: `${ARN}:db:${id}`,
      DBInstanceStatus: 'available',
      Engine: 'postgres',
      MasterUsername: 'master',
      Endpoint: { Address: `${id}.${ZONE}`, Port: 5432 },
      PendingModifiedValues: {},
      ...parts,
    };
    this.#instances.set(id, instance);
    return instance;
  }

  /** Adds a cluster with a writer and a reader. */
  addCluster(id: string, parts: Partial<Cluster> = {}): Cluster {
    const cluster: Cluster = {
      DBClusterIdentifier: id,
      DBClusterArn: `${ARN}:cluster:${id}`,
      Status: 'available',
      Engine: 'aurora-postgresql',
      MasterUsername: 'master',
      Endpoint: `${id}.cluster-${ZONE}`,
      ReaderEndpoint: `${id}.cluster-ro-${ZONE}`,
      CustomEndpoints: { member: [`${id}-reports.cluster-custom-${ZONE}`] },
      Port: 5432,
      PendingModifiedValues: {},
      DBClusterMembers: {
        DBClusterMember: [
          { DBInstanceIdentifier: `${id}-1`, IsClusterWriter: true },
          { DBInstanceIdentifier: `${id}-2`, IsClusterWriter: false },
        ],
      },
      ...parts,
    };
    this.#clusters.set(id, cluster);
    const { Engine, MasterUsername } = cluster;
    for (const member of cluster.DBClusterMembers.DBClusterMember) {
      this.addInstance(member.DBInstanceIdentifier, { Engine, MasterUsername, DBClusterIdentifier: id });
    }
    return cluster;
  }

  /** The result of an action, or undefined if there is no such action. */
  answer(action: string, params: Params): object | undefined {
    const { DBInstanceIdentifier = '', DBClusterIdentifier = '' } = params;
    switch (action) {
      case 'DescribeDBInstances':
        return { DBInstances: { DBInstance: this.#seen(this.#instance(DBInstanceIdentifier)) } };
      case 'DescribeDBClusters':
        return { DBClusters: { DBCluster: this.#seen(this.#cluster(DBClusterIdentifier)) } };
      case 'ModifyDBInstance':
        return { DBInstance: this.#modifyInstance(this.#instance(DBInstanceIdentifier), params) };
      case 'ModifyDBCluster':
        return { DBCluster: this.#modifyCluster(this.#cluster(DBClusterIdentifier), params) };
      default:
        return undefined;
    }
  }

  #instance(name: string): Instance {
    const found = this.#instances.get(name.replace(`${ARN}:db:`, '').toLowerCase());
    if (!found) throw new AwsRefusal(404, 'DBInstanceNotFound', `DBInstance ${name} not found.`);
    return found;
  }

  #cluster(name: string): Cluster {
    const found = this.#clusters.get(name.replace(`${ARN}:cluster:`, '').toLowerCase());
    if (!found) throw new AwsRefusal(404, 'DBClusterNotFoundFault', `DBCluster ${name} not found.`);
    return found;
  }

  #seen<T extends Instance | Cluster>(database: T): T {
    if (!this.isLagging || database.PendingModifiedValues.MasterUserPassword === undefined) return database;
    const status = 'Status' in database ? { Status: 'available' } : { DBInstanceStatus: 'available' };
    return { ...database, ...status, PendingModifiedValues: {} };
  }

  #modifyInstance(instance: Instance, params: Params): Instance {
    if (instance.DBClusterIdentifier !== undefined) {
      throw new AwsRefusal(
        400,
        'InvalidParameterCombination',
        'The specified DB Instance is a member of a cluster. Modify the master user password of the DB Cluster instead.',
      );
    }
    if (
      !TAKES_CHANGES.includes(instance.DBInstanceStatus) ||
      instance.PendingModifiedValues.MasterUserPassword
    ) {
      throw new AwsRefusal(400, 'InvalidDBInstanceState', 'Database instance is not in available state.');
    }
    if (instance.ReadReplicaSourceDBInstanceIdentifier !== undefined) {
      throw new AwsRefusal(
        400,
        'InvalidDBInstanceState',
        'The password of a read replica cannot be changed.',
      );
    }
    return this.#change(instance, params, instance.Engine === 'postgres' ? 128 : 41, (status) => {
      instance.DBInstanceStatus = status;
    });
  }

  #modifyCluster(cluster: Cluster, params: Params): Cluster {
    if (cluster.Status !== 'available' || cluster.PendingModifiedValues.MasterUserPassword) {
      throw new AwsRefusal(
        400,
        'InvalidDBClusterStateFault',
        'The DB cluster is not in the available state.',
      );
    }
    return this.#change(cluster, params, 41, (status) => {
      cluster.Status = status;
    });
  }

  /** As RDS does it: at first it still says `available`, with the new password as a pending value. */
  #change<T extends Changeable>(
    database: T,
    { MasterUserPassword: password, ApplyImmediately }: Params,
    longest: number,
    setStatus: (status: string) => void,
  ): T {
    if (password === undefined) {
      throw new AwsRefusal(400, 'InvalidParameterCombination', 'No modifications were requested');
    }
    if (ApplyImmediately === 'true') this.applied.push(...Object.keys(database.PendingModifiedValues));
    if (database.MasterUserSecret) {
      throw new AwsRefusal(400, 'InvalidParameterCombination', 'ManageMasterUserPassword is turned on.');
    }
    assertPassword(password, longest);
    database.PendingModifiedValues = { ...database.PendingModifiedValues, MasterUserPassword: '****' };
    const apply = async () => {
      await sleep(this.applyMs / 2);
      setStatus('resetting-master-credentials');
      do await sleep(this.applyMs / 2);
      while (this.isHeld);
      await this.#setPassword(database.MasterUsername, password);
      delete database.PendingModifiedValues.MasterUserPassword;
      setStatus('available');
    };
    apply().catch(() => setStatus('failed'));
    return { ...database };
  }
}
