import { RotationError, type StepContext } from '../../src/index.js';
import type {
  DatabaseServer,
  DatabaseStep,
  Ending,
  HasArrived,
  Kind,
  ReplicaWatch,
  Witness,
} from './engine.js';
import { untilReplicated } from './replica.js';
import { type DatabaseSecret, placeName } from './secret.js';
import type { DatabaseSession } from './session.js';

/** The step, the engine and the server that {@link throughAdministrator} works with. */
export interface AdministratorsStep<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
> extends DatabaseStep<Secret, Session> {
  readonly kind: Kind<Secret>;
  readonly server: Pick<DatabaseServer<Secret, Session, Facts>, 'facts' | 'watch'>;
}

/** A change that an administrator makes for a secret. */
interface Errand<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  readonly pending: Secret & { readonly masterarn: string };
  /** Users to change. The administrator must not be one of them. */
  readonly users: readonly string[];
  /** Open session at the secret's own host; `undefined` when a lost password is reset. */
  readonly witness: Session | undefined;
}

/**
 * Logs in as the administrator that `masterarn` names, runs `work`, and waits for the secret's own host if that is a
 * replica.
 *
 * The writer of the secret chooses `masterarn` and the user. So the administrator must belong to the very server that the
 * secret is for, and callers prove first that a version of the secret logs in. The reset of a lost password is the one
 * exception.
 *
 * @throws RotationError if the administrator's secret does not fit, or the server refuses it
 */
export async function throughAdministrator<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
>(
  errand: Errand<Secret, Session>,
  step: AdministratorsStep<Secret, Session, Facts>,
  work: (administrator: Witness<Session, Facts>) => Promise<Ending>,
): Promise<void> {
  const { pending, witness } = errand;
  const { server } = step;
  const { session, isForReplica } = await logIn(errand, step);
  let end: Ending;
  let watch: ReplicaWatch | undefined;
  let hasArrived: HasArrived | undefined;
  try {
    watch =
      isForReplica && witness
        ? await server.watch?.(pending, { source: session, replica: witness })
        : undefined;
    end = await work({ session, facts: await server.facts(session) });
    hasArrived = end === 'changed' ? await watch?.() : undefined;
  } finally {
    await session.end();
  }
  if (!isForReplica || end !== 'changed') return;
  const isCounted = witness ? watch !== undefined : server.watch !== undefined;
  await untilReplicated({ pending, accepted: witness?.target, isCounted, hasArrived }, step);
}

async function logIn<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>(
  { pending, users }: Omit<Errand<Secret, Session>, 'witness'>,
  step: AdministratorsStep<Secret, Session, Facts>,
): Promise<{ readonly session: Session; readonly isForReplica: boolean }> {
  const { masterarn } = pending;
  const target = await readAdministrator(masterarn, step.kind, step.context);
  const relation = await relationOf(pending, target, step);
  if (relation === 'none') {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"masterarn" names an administrator of ${placeName(target)}, but the secret is for ${placeName(pending)}`,
      {
        hint:
          'name an administrator with the same host and port as the secret. The secret’s host may also be an RDS read ' +
          'replica of the administrator’s. If one server has two names, point both to one with the option `connectTo`',
      },
    );
  }
  if (users.includes(target.username)) {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"masterarn" names a secret of "${target.username}", whose password it is to change`,
      {
        hint: 'name the secret of another user, who has the right to change this one',
      },
    );
  }
  const session = await step.connections.logIn(target, step.context);
  if (session === 'rejected') throw await refused(target, masterarn, step.context);
  return { session, isForReplica: relation === 'replica' };
}

async function readAdministrator<Secret extends DatabaseSecret>(
  masterarn: string,
  kind: Kind<Secret>,
  context: StepContext,
): Promise<Secret> {
  const json = await context.readSecret(masterarn, kind.shows);
  const isManagedByRds = Object.keys(json).sort().join() === 'password,username';
  const place = isManagedByRds && (await placeOfManaged(masterarn, kind, context));
  try {
    return kind.parse({ ...json, ...place });
  } catch (cause) {
    const problem = cause instanceof TypeError ? `: ${cause.message}` : '';
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `the administrator’s secret ${masterarn} is not a ${kind.product} secret${problem}`,
      { hint: 'give it "host", "username" and "password", or name a secret that RDS manages', cause },
    );
  }
}

/** Loaded on demand: most administrators' secrets name the same host. */
function lookUps() {
  return import('./rds/look-ups.js');
}

async function placeOfManaged<Secret extends DatabaseSecret>(
  masterarn: string,
  kind: Kind<Secret>,
  context: StepContext,
) {
  const { Tags } = await context.describeSecret(masterarn);
  const { managedTarget } = await lookUps();
  return managedTarget(masterarn, Tags, kind, context);
}

async function relationOf<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  secret: Secret,
  administrator: Secret,
  { connections: { placeOf }, context }: DatabaseStep<Secret, Session>,
): Promise<'same server' | 'replica' | 'none'> {
  const [ours, theirs] = [placeOf(secret), placeOf(administrator)];
  const isSameHost = ours.host.toLowerCase() === theirs.host.toLowerCase();
  if (isSameHost && ours.port === theirs.port) return 'same server';
  const { isReplicaOf } = await lookUps();
  return (await isReplicaOf(secret.host, administrator.host, context)) ? 'replica' : 'none';
}

async function refused(
  { username, ...place }: DatabaseSecret,
  masterarn: string,
  context: StepContext,
): Promise<RotationError> {
  const isBeingRotated = await isUnderRotation(masterarn, context);
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(place)} refused the administrator "${username}" of ${masterarn}`,
    {
      hint: isBeingRotated
        ? 'nothing was changed. The administrator’s secret is being rotated itself: wait for that rotation to finish'
        : 'nothing was changed. Store the administrator’s working password in that secret',
    },
  );
}

/** Whether a version waits as AWSPENDING; `false` if the role may not ask. */
async function isUnderRotation(secretId: string, context: StepContext): Promise<boolean> {
  try {
    const { VersionIdsToStages = {} } = await context.describeSecret(secretId);
    const labels = Object.values(VersionIdsToStages);
    return labels.some((own) => own.includes('AWSPENDING') && !own.includes('AWSCURRENT'));
  } catch {
    return false;
  }
}
