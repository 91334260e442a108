import type { Flavour } from '../failures.js';
import { type PasswordPlugin, passwordHash } from '../hashes.js';
import type { Account } from '../session.js';
import { accountName, hexLiteral, quotedLiteral } from '../sql.js';

/** An account, and the hashes of all passwords that it takes from now on. */
export interface Declared {
  readonly account: Account;
  readonly plugin: PasswordPlugin;
  readonly pending: string;
  /** Hash of AWSCURRENT's password, if that is kept. */
  readonly current: string | undefined;
}

/** Passwords that an account takes. */
interface Passwords {
  readonly pending: string;
  readonly current: string | undefined;
}

/** Makes the hashes. That takes a while, so do it before taking the lock. */
export function declared(
  account: Account,
  plugin: PasswordPlugin,
  { pending, current }: Passwords,
  rounds: number,
): Declared {
  return {
    account,
    plugin,
    pending: passwordHash(plugin, pending, rounds),
    current: current === undefined ? undefined : passwordHash(plugin, current, rounds),
  };
}

/**
 * Returns the statement after which the accounts take these passwords and no others, whatever they took before. It may be
 * repeated.
 */
export function declaration(flavour: Flavour, accounts: readonly Declared[]): string {
  return alterUsers(accounts, flavour === 'mariadb' ? ofMariadb : (one) => `${first(one)}, ${second(one)}`);
}

/**
 * Returns the same declaration for a MySQL that does not take an account twice in one statement. Between the two statements
 * only AWSCURRENT works. Two attempts at once would lose it, so a lock must keep them apart.
 */
export function inTwoStatements(accounts: readonly Declared[]): readonly string[] {
  return [alterUsers(accounts, first), alterUsers(accounts, second)];
}

function alterUsers(accounts: readonly Declared[], clausesOf: (account: Declared) => string): string {
  return `ALTER USER ${accounts.map(clausesOf).join(', ')}`;
}

/** The newer password comes first: new sessions use it from then on. */
function ofMariadb({ account, plugin, pending, current }: Declared): string {
  const hashes = current === undefined ? [pending] : [pending, current];
  return `${accountName(account)} IDENTIFIED VIA ${hashes.map((hash) => `${plugin} USING ${quotedLiteral(hash)}`).join(' OR ')}`;
}

/** Sets AWSCURRENT first: RETAIN then keeps AWSCURRENT's password, not the one that the account had before. */
function first({ account, plugin, pending, current = pending }: Declared): string {
  return `${accountName(account)} IDENTIFIED WITH ${plugin} AS ${hexLiteral(current)}`;
}

function second({ account, plugin, pending, current }: Declared): string {
  const name = accountName(account);
  return current === undefined
    ? `${name} DISCARD OLD PASSWORD`
    : `${name} IDENTIFIED WITH ${plugin} AS ${hexLiteral(pending)} RETAIN CURRENT PASSWORD`;
}
