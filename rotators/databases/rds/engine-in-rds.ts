import type { Kind } from '../engine.js';
import type { DatabaseSecret } from '../secret.js';
import type { DatabaseSession, Logins } from '../session.js';

/** Which databases of RDS a rotator is for, as RDS calls them, and what messages do. */
export interface EnginesOfRds {
  readonly product: string;
  readonly engines: readonly string[];
}

/** What a master user's secret may say besides. Without an identifier, the first part of `host` is one. */
export interface Identifiers {
  readonly dbInstanceIdentifier?: string;
  /** Goes before `dbInstanceIdentifier`. */
  readonly dbClusterIdentifier?: string;
}

/** A kind of database in RDS, as the rotator for its master users sees it. */
export interface EngineInRds<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>
  extends Kind<Secret> {
  /** The rotator's name. */
  readonly name: string;
  /** What else, with this engine, looks like a refused password. */
  readonly rejectionHint: string;
  /** How many characters RDS takes. */
  readonly passwords: PasswordLengths;
  /** What on the server may refuse the right password, as in "look for …". */
  readonly lookFor: string;
  /** The rotator for all other users, as code has it. */
  readonly forOtherUsers: string;
  logins(): Promise<Logins<Secret, Session>>;
}

export interface PasswordLengths {
  readonly least: number;
  readonly most: number;
  /** If RDS says less of clusters. */
  readonly mostOfClusters?: number;
}
