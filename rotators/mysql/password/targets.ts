import { quoted, RotationError } from '../../../src/index.js';
import type { Wanted } from '../../databases/engine.js';
import { placeName } from '../../databases/secret.js';
import { passwordPlugin, type Session, type Step, type Witness } from '../account.js';
import { isHashOf, type PasswordPlugin } from '../hashes.js';
import type { MysqlSecret } from '../secret.js';
import type { Account } from '../session.js';
import { accountName } from '../sql.js';
import { accountsOf, mayNotLook, methodsFor } from './accounts.js';
import { rankOfAccount } from './rank.js';
import { type Declared, declared } from './statements.js';

/** The accounts and passwords of a change. */
export interface Change extends Wanted<MysqlSecret> {
  /** The user's own session; `undefined` when a lost password is reset. */
  readonly user: Witness | undefined;
  /** Hosts of the accounts to change together, if the option `hosts` names some. */
  readonly hosts: readonly string[] | undefined;
}

/**
 * Finds the accounts to change, and makes their hashes. A user may have several accounts, and the server may let the function
 * in by another one than an application.
 *
 * @throws RotationError if these may not be exactly the accounts that are meant
 */
export async function targetsOf(
  change: Change,
  administrator: Witness,
  step: Step,
): Promise<readonly Declared[]> {
  const accounts = await chosen(change, administrator.session, step);
  const targets: Declared[] = [];
  for (const account of accounts) targets.push(await target(account, change, administrator));
  return targets;
}

async function chosen(
  { pending: { username }, user, hosts }: Change,
  administrator: Session,
  { context }: Step,
): Promise<readonly Account[]> {
  const own = user?.session.account;
  const other = otherOfPair(username);
  const listed = await accountsOf([username, other], administrator);
  const namesakes = listed?.filter(({ user: name }) => name === username);
  if (listed && listed.length > (namesakes?.length ?? 0)) context.warn(otherUserWarning(username, other));
  if (hosts) return named(username, hosts, own, administrator);
  if (!namesakes) {
    if (!own) throw mayNotLook(administrator);
    context.warn(unseen(own, administrator));
    return [own];
  }
  if (namesakes.length > 1) throw ambiguous(username, namesakes, administrator);
  return own ? [own] : namesakes;
}

function named(
  username: string,
  hosts: readonly string[],
  own: Account | undefined,
  { place }: Session,
): readonly Account[] {
  if (own && !hosts.includes(own.host)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `${placeName(place)} let the function in as "${quoted(`${own.user}@${own.host}`)}", which the option \`hosts\` does not name`,
      {
        hint: 'nothing was changed. Name that host in `hosts`, too. Or let the function connect from an address of another account',
      },
    );
  }
  return hosts.map((host) => ({ user: username, host }));
}

/** Returns the target for an account. The user's login has proved its own account; all other accounts are checked here. */
async function target(account: Account, change: Change, administrator: Witness): Promise<Declared> {
  const { pending, current, user } = change;
  const { rounds } = administrator.facts;
  const declare = (plugin: PasswordPlugin): Declared => {
    if (current && plugin === 'parsec') throw secondOfParsec(account, administrator.session);
    return declared(account, plugin, { pending: pending.password, current: current?.password }, rounds);
  };
  if (user && user.session.account.host === account.host) {
    const { methods } = user.facts;
    const plugin = passwordPlugin({ account, methods }, user.facts, user.session);
    return declare(plugin);
  }
  const methods = await methodsFor(account, administrator.session);
  const plugin = passwordPlugin({ account, methods }, administrator.facts, administrator.session);
  if (user) {
    const known = [user.session.target.password, pending.password];
    const isProved = methods.some(
      ({ hash }) => hash !== undefined && known.some((password) => isHashOf(plugin, hash, password)),
    );
    const rank = isProved ? await rankOfAccount(account, administrator.session) : 'has another password';
    if (rank !== undefined) throw notOurs(account, rank, administrator.session);
  }
  return declare(plugin);
}

/** Seen on MariaDB 11.8, also with MariaDB's own driver: over TLS it closes the connection if the first password does not match. */
function secondOfParsec({ user, host }: Account, { place }: Session): RotationError {
  return new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `"${quoted(`${user}@${host}`)}" at ${placeName(place)} is identified by parsec, and MariaDB takes no second password of parsec over TLS`,
    {
      hint:
        'nothing was changed. Identify the account by ed25519 or mysql_native_password. Or set the option `keeps: 1`: the account ' +
        'then has the new password only',
    },
  );
}

function notOurs({ user, host }: Account, rank: string, { place }: Session): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `"${quoted(`${user}@${host}`)}" at ${placeName(place)}, which the option \`hosts\` names, ${rank}`,
    {
      hint:
        'nothing was changed: the account may be somebody else’s. ' +
        'Accounts are changed together only if they have the same password and no rights over the server. If it is yours, set AWSCURRENT’s password there by hand',
    },
  );
}

function ambiguous(username: string, accounts: readonly Account[], { place }: Session): RotationError {
  const hosts = accounts.map(({ host }) => host);
  return new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `"${username}" has ${hosts.length} accounts at ${placeName(place)}, for the hosts ${hosts.join(', ')}`,
    {
      hint:
        'nothing was changed: the server may let applications in by another account than the function. Name the accounts that ' +
        `share the password, with the option \`hosts: { ${JSON.stringify(username)}: ${JSON.stringify(hosts)} }\`. Or drop the others`,
    },
  );
}

function unseen(own: Account, administrator: Session): string {
  return (
    `the administrator may not see whether "${own.user}" has other accounts than "${quoted(`${own.user}@${own.host}`)}" that let ` +
    `applications in. Run: GRANT SELECT (User, Host) ON mysql.user TO ${quoted(accountName(administrator.account))}`
  );
}

/** Returns the user that would take turns with this one in AWS's function for alternating users. */
function otherOfPair(username: string): string {
  return /(?<=.)_clone$/.test(username) ? username.slice(0, -'_clone'.length) : `${username}_clone`;
}

function otherUserWarning(username: string, other: string): string {
  return (
    `there is a user "${quoted(other)}", too. If it took turns with "${username}" in another function, its password keeps working. ` +
    'Lock it (ALTER USER … ACCOUNT LOCK) or drop it, but only once no application uses it any more'
  );
}
