import {
  type AbandonedVersion,
  isRotationError,
  RotationError,
  type StepContext,
  type Versions,
} from '../../src/index.js';
import type { Connections } from './connections.js';
import { type DatabaseSecret, isSamePlace, placeName } from './secret.js';
import type { DatabaseSession } from './session.js';

/** So many refused logins an invocation makes at most: a server, or what watches it, may count them. */
const MOST_REFUSED = 3;
/** Of versions without a label. */
const MOST_ABANDONED = 2;
/** Of these, in a hint. */
const MOST_NAMED = 5;

interface Candidate<Secret> {
  readonly secret: Secret;
  readonly isCurrent?: boolean;
  /** The version without a label that holds it. */
  readonly abandoned?: string | undefined;
}

/** The version that has logged in. */
interface Found<Session> {
  readonly session: Session;
  readonly isCurrent: boolean;
  /** What an earlier one ended with, AWSCURRENT say: it may be right all the same. */
  readonly inconclusive: RotationError | undefined;
}

/**
 * Logs in with one of the secret's versions. AWSCURRENT first: on the normal path that is one login and no refused one.
 *
 * @returns `'rejected'` only if every answer was a refusal
 * @throws RotationError the first inconclusive failure, if no version logs in
 */
export async function logInWithAny<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  versions: Versions<Secret>,
  connections: Connections<Secret, Session>,
  context: StepContext,
): Promise<Found<Session> | 'rejected'> {
  let refused = 0;
  let inconclusive: RotationError | undefined;
  for await (const { secret, isCurrent = false, abandoned } of candidates(
    versions,
    () => inconclusive === undefined,
  )) {
    const session = await connections.attempt(secret, context);
    if (session === 'rejected') {
      refused += 1;
      if (refused === MOST_REFUSED) break;
    } else if (isRotationError(session)) {
      inconclusive ??= session;
    } else {
      if (abandoned !== undefined) context.warn(healed(abandoned));
      return { session, isCurrent, inconclusive };
    }
  }
  if (inconclusive) throw inconclusive;
  return 'rejected';
}

async function* candidates<Secret extends DatabaseSecret>(
  { pending, current, previous, abandoned }: Versions<Secret>,
  areAllRefused: () => boolean,
): AsyncGenerator<Candidate<Secret>> {
  yield { secret: current, isCurrent: true };
  // An earlier attempt got this far. The password is set again in any case: the hash may be of another kind.
  yield { secret: pending };
  const tried = new Set([current.password, pending.password]);
  // What was made after AWSCURRENT is likelier than AWSPREVIOUS, and AWSPREVIOUS likelier than what was made before.
  // Not with an administrator: whoever may write the secret could then choose what proves whose the user is.
  const found = pending.masterarn === undefined && areAllRefused() ? await abandoned().catch(() => []) : [];
  const ordered = [
    ...found.filter(({ isNewerThanCurrent }) => isNewerThanCurrent),
    { id: undefined, read: previous },
    ...found.filter(({ isNewerThanCurrent }) => !isNewerThanCurrent),
  ];
  let left = MOST_ABANDONED;
  for (const { id, read } of ordered) {
    if (id !== undefined && left === 0) continue;
    // If its KMS key is gone it cannot be read. That must not keep the others from being tried.
    const old = id === undefined ? await read() : await read().catch(() => undefined);
    if (!old || !isSamePlace(old, pending) || tried.has(old.password)) continue;
    tried.add(old.password);
    if (id !== undefined) left -= 1;
    yield { secret: { ...pending, password: old.password }, abandoned: id };
  }
}

function healed(id: string): string {
  return (
    `the server took none of the labelled versions, but version ${id}, which has no label: a rotation was given up after ` +
    'setSecret. Its password was replaced'
  );
}

/**
 * The server refused every password that was tried.
 *
 * @param rejectionHint what else looks so
 */
export async function locked<Secret extends DatabaseSecret>(
  { pending, abandoned }: Versions<Secret>,
  rejectionHint: string,
  context: StepContext,
): Promise<RotationError> {
  const { username, ...place } = pending;
  const found = await abandoned()
    .then((versions) => ofSamePlace(versions, pending))
    .catch(() => undefined);
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(place)} refused the passwords of "${username}" that were tried`,
    {
      hint:
        `${await likelyCause(found, context)}. If no version works, set AWSCURRENT’s password as an administrator of the ` +
        `server, then rotate again. ${rejectionHint}`,
    },
  );
}

/** Applications must not become another user, or go to another server, for what a hint says. */
async function ofSamePlace<Secret extends DatabaseSecret>(
  versions: readonly AbandonedVersion<Secret>[],
  pending: Secret,
): Promise<readonly AbandonedVersion<Secret>[]> {
  const found = [];
  for (const version of versions.slice(0, MOST_NAMED)) {
    const old = await version.read().catch(() => undefined);
    if (old && isSamePlace(old, pending)) found.push(version);
  }
  return found;
}

async function likelyCause(
  found: readonly AbandonedVersion<DatabaseSecret>[] | undefined,
  { secretId, describeSecret }: StepContext,
): Promise<string> {
  if (!found) {
    return (
      'most likely a rotation was given up after setSecret, and a version without a label holds the password that works. ' +
      `They are listed by: aws secretsmanager list-secret-version-ids --secret-id ${secretId} --include-deprecated`
    );
  }
  if (found.length === 0) {
    return 'most likely somebody changed the password elsewhere: store the one that works with PutSecretValue, then rotate again';
  }
  const { VersionIdsToStages = {} } = await describeSecret(secretId).catch(() => ({
    VersionIdsToStages: {},
  }));
  const labels: Readonly<Record<string, readonly string[]>> = VersionIdsToStages;
  const current =
    Object.keys(labels).find((id) => labels[id]?.includes('AWSCURRENT')) ?? '<id of AWSCURRENT>';
  const ids = found.map(({ id, createdAt }) => `${id} (made ${createdAt.toISOString()})`);
  return (
    `most likely a rotation was given up after setSecret. These versions have no label, and one may hold the password that ` +
    `works: ${ids.join(', ')}. Read one: aws secretsmanager get-secret-value --secret-id ${secretId} --version-id <id>. Only if ` +
    'you can log in with its password, make it AWSCURRENT: aws secretsmanager update-secret-version-stage --secret-id ' +
    `${secretId} --version-stage AWSCURRENT --move-to-version-id <id> --remove-from-version-id ${current}`
  );
}
