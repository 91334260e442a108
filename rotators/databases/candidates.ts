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

/** Most refused logins per invocation: the server, or a monitor, may count them. */
const MOST_REFUSED = 3;
/** Most versions without a label to try. */
const MOST_ABANDONED = 2;
/** Most versions without a label to name in a hint. */
const MOST_NAMED = 5;

interface Candidate<Secret> {
  readonly secret: Secret;
  readonly isCurrent?: boolean;
  /** The version without a label that holds it. */
  readonly abandoned?: string | undefined;
}

/** The version that logged in. */
interface Found<Session> {
  readonly session: Session;
  readonly isCurrent: boolean;
  /** Failure of an earlier candidate, such as AWSCURRENT, whose password may still be right. */
  readonly inconclusive: RotationError | undefined;
}

/**
 * Logs in with one of the secret's versions. AWSCURRENT comes first: on the normal path that is one login, and none is
 * refused.
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
  // An earlier attempt got this far. The password is set again anyway: the stored hash may be of another kind.
  yield { secret: pending };
  const tried = new Set([current.password, pending.password]);
  // Versions newer than AWSCURRENT are likelier than AWSPREVIOUS, and AWSPREVIOUS is likelier than older ones.
  // Not with an administrator: the secret's writer could then choose the proof that the user is the secret's.
  const found = pending.masterarn === undefined && areAllRefused() ? await abandoned().catch(() => []) : [];
  const ordered = [
    ...found.filter(({ isNewerThanCurrent }) => isNewerThanCurrent),
    { id: undefined, read: previous },
    ...found.filter(({ isNewerThanCurrent }) => !isNewerThanCurrent),
  ];
  let left = MOST_ABANDONED;
  for (const { id, read } of ordered) {
    if (id !== undefined && left === 0) continue;
    // A version whose KMS key is gone is unreadable. The others must be tried all the same.
    const old = id === undefined ? await read() : await read().catch(() => undefined);
    if (!old || !isSamePlace(old, pending) || tried.has(old.password)) continue;
    tried.add(old.password);
    if (id !== undefined) left -= 1;
    yield { secret: { ...pending, password: old.password }, abandoned: id };
  }
}

function healed(id: string): string {
  return (
    `the server refused AWSCURRENT and AWSPENDING, but took version ${id}, which has no label: a rotation was abandoned ` +
    'after setSecret. Its password was replaced'
  );
}

/**
 * Returns the error for a server that refused every password that was tried.
 *
 * @param rejectionHint other causes that look like a refused password
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
    `${placeName(place)} refused every password of "${username}" that was tried`,
    {
      hint:
        `${await likelyCause(found, context)}. ` +
        'If no version works, set AWSCURRENT’s password on the server as an administrator, then rotate again. ' +
        `Note that ${rejectionHint}`,
    },
  );
}

/** Following a hint must not make applications another user, or send them to another server. */
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
      'most likely a rotation was abandoned after setSecret, and a version without a label holds the working password. ' +
      `List these versions: aws secretsmanager list-secret-version-ids --secret-id ${secretId} --include-deprecated`
    );
  }
  if (found.length === 0) {
    return 'most likely somebody changed the password elsewhere. Store the working one with PutSecretValue, then rotate again';
  }
  const { VersionIdsToStages = {} } = await describeSecret(secretId).catch(() => ({
    VersionIdsToStages: {},
  }));
  const labels: Readonly<Record<string, readonly string[]>> = VersionIdsToStages;
  const current =
    Object.keys(labels).find((id) => labels[id]?.includes('AWSCURRENT')) ?? '<id of AWSCURRENT>';
  const ids = found.map(({ id, createdAt }) => `${id} (made ${createdAt.toISOString()})`);
  return (
    'most likely a rotation was abandoned after setSecret. These versions have no label, and one may hold the working ' +
    `password: ${ids.join(', ')}. Read one: aws secretsmanager get-secret-value --secret-id ${secretId} --version-id <id>. ` +
    'Only if you can log in with its password, make it AWSCURRENT: aws secretsmanager update-secret-version-stage --secret-id ' +
    `${secretId} --version-stage AWSCURRENT --move-to-version-id <id> --remove-from-version-id ${current}`
  );
}
