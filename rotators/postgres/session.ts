import type { DatabaseSession } from '../databases/session.js';
import type { PostgresSecret } from './secret.js';

/** A session with the server, in which the server has asked for the password and has taken it. */
export interface Session extends DatabaseSession<PostgresSecret> {
  /** How the server asked for the password. */
  readonly form: PasswordForm;
  /** The iterations of the user's SCRAM verifier, if the server asked for it so. */
  readonly iterations: number | undefined;
  /** The process that let the client in, as it says itself. */
  readonly processId: unknown;
  /** The server's major version, as it says itself. */
  readonly major: number | undefined;
  /** The port of our end; undefined on a Unix socket. */
  readonly port: number | undefined;
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * Logs in once more, with one of `ENDED_BY` turned off: what it was set to has ended the session. `false` if it was off
   * already, or if nobody lets us in so: poolers take no settings.
   */
  without(setting: string): Promise<boolean>;
  /** Throws what has ended the session, if something has: then nothing can be sent any more. */
  assertOpen(): void;
  escapeIdentifier(name: string): string;
  escapeLiteral(text: string): string;
}

/** Settings of a role that may end a session before anything can be said in it, by the SQLSTATE with which they do. */
export const ENDED_BY: Readonly<Record<string, string>> = {
  '25P04': 'transaction_timeout',
  '57P05': 'idle_session_timeout',
};

/**
 * How a server asks for a password. `scram`: it holds a SCRAM verifier, or knows no such user. `md5`: it holds an MD5 one.
 * `clear text`: it may hold either.
 */
export type PasswordForm = 'scram' | 'md5' | 'clear text';

/**
 * Makes names mean what they mean in PostgreSQL, until the transaction ends: by its `search_path` the owner of a
 * database could give a function, or the `=` between two values, a meaning of his own, and run it as the administrator.
 */
export const PIN_NAMES = 'SET LOCAL search_path = pg_catalog, pg_temp';

/** More iterations of SCRAM than anybody asks for, and as many as take half a second. */
export const MAX_ITERATIONS = 1_000_000;
