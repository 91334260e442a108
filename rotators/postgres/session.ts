import type { DatabaseSession } from '../databases/session.js';
import type { PostgresSecret } from './secret.js';

/** A session with a server that asked for the password and took it. */
export interface Session extends DatabaseSession<PostgresSecret> {
  /** How the server asked for the password. */
  readonly form: PasswordForm;
  /** Iterations of the user's SCRAM verifier, if the server asked for SCRAM. */
  readonly iterations: number | undefined;
  /** Id of the process that let the client in, as the server states it. */
  readonly processId: unknown;
  /** Major version, as the server states it. */
  readonly major: number | undefined;
  /** Local TCP port; `undefined` on a Unix socket. */
  readonly port: number | undefined;
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * Logs in again with one of the settings in {@link ENDED_BY} turned off, because it ended the session. `false` if it was off
   * already, or if the login fails: poolers take no settings.
   */
  without(setting: string): Promise<boolean>;
  /** Throws the error that ended the session, if it has ended: nothing can be sent any more then. */
  assertOpen(): void;
  escapeIdentifier(name: string): string;
  escapeLiteral(text: string): string;
}

/** Settings of a role that may end a session before its first statement, by their SQLSTATE. */
export const ENDED_BY: Readonly<Record<string, string>> = {
  '25P04': 'transaction_timeout',
  '57P05': 'idle_session_timeout',
};

/**
 * How a server asks for a password. `scram`: it holds a SCRAM verifier, or does not know the user. `md5`: it holds an MD5 hash.
 * `clear text`: it may hold either.
 */
export type PasswordForm = 'scram' | 'md5' | 'clear text';

/**
 * Fixes the meaning of names until the transaction ends. Otherwise the owner of a database could use `search_path` to replace a
 * function, or the `=` between two values, and the administrator would run that code.
 */
export const PIN_NAMES = 'SET LOCAL search_path = pg_catalog, pg_temp';

/** The most SCRAM iterations that we accept. Real servers ask for fewer; this many take half a second. */
export const MAX_ITERATIONS = 1_000_000;
