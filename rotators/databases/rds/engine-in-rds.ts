import type { Kind } from '../engine.js';
import type { DatabaseSecret } from '../secret.js';
import type { DatabaseSession, Logins } from '../session.js';

/** The databases of RDS that a rotator is for: RDS's names, and the one for messages. */
export interface EnginesOfRds {
  readonly product: string;
  readonly engines: readonly string[];
}

/** Optional fields of a master user's secret. Without them, the first part of `host` is the identifier. */
export interface Identifiers {
  /** Identifier of the DB instance. An instance in a cluster stands for its cluster. */
  readonly dbInstanceIdentifier?: string;
  /** Identifier of the DB cluster. Takes precedence over `dbInstanceIdentifier`. */
  readonly dbClusterIdentifier?: string;
}

/** A kind of database in RDS, as the rotator for master users sees it. */
export interface EngineInRds<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>
  extends Kind<Secret> {
  /** The rotator's name. */
  readonly name: string;
  /** What else, with this engine, looks like a refused password. */
  readonly rejectionHint: string;
  /** Password lengths that RDS takes. */
  readonly passwords: PasswordLengths;
  /** Settings of the server that may refuse the right password, as in "look for …". */
  readonly lookFor: string;
  /** Rotator for all other users, as in code: `postgres()`. */
  readonly forOtherUsers: string;
  logins(): Promise<Logins<Secret, Session>>;
}

/** Password lengths that RDS takes, in characters. */
export interface PasswordLengths {
  readonly least: number;
  readonly most: number;
  /** Longest password of a cluster, if RDS documents a shorter one there. */
  readonly mostOfClusters?: number;
}
