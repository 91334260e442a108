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

/** What leads to an administrator. */
export interface AdministratorsStep<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
> extends DatabaseStep<Secret, Session> {
  readonly kind: Kind<Secret>;
  readonly server: Pick<DatabaseServer<Secret, Session, Facts>, 'facts' | 'watch'>;
}

/** What an administrator is for. */
interface Errand<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  readonly pending: Secret & { readonly masterarn: string };
  /** The users that are to be changed: none of them is the administrator. */
  readonly users: readonly string[];
  /** An open session at the secret's own host; none if a lost password is reset. */
  readonly witness: Session | undefined;
}

/**
 * Has the administrator do `work` that `masterarn` names, and waits for the secret's own host, if that is a replica.
 * Whoever may write the secret chooses that name and the user; so the administrator must be one of the very server that
 * the secret is for, and this is called only once AWSCURRENT, or what came before it, has logged in.
 *
 * @throws RotationError
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
      `"masterarn" names an administrator of ${placeName(target)}, and the secret is for ${placeName(pending)}`,
      {
        hint:
          'both must name the same host and port, or the secret’s host be a read replica in RDS of the administrator’s; ' +
          'where one server has two names, the option `connectTo` leads both to one',
      },
    );
  }
  if (users.includes(target.username)) {
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"masterarn" names a secret of "${target.username}" itself`,
      {
        hint: 'it must be the secret of another user, who may change that one',
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
      { hint: 'it needs host, username and password, or to be one that RDS manages', cause },
    );
  }
}

/** Loaded when RDS is to be asked: most administrators are of the same host, and say so. */
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
        ? 'that secret is being rotated itself just now: the next attempt finds it done, if its rotation goes well'
        : 'store the administrator’s working password there; nothing was changed',
    },
  );
}

/** Whether a version waits as AWSPENDING. Who may not ask gets the other hint. */
async function isUnderRotation(secretId: string, context: StepContext): Promise<boolean> {
  try {
    const { VersionIdsToStages = {} } = await context.describeSecret(secretId);
    const labels = Object.values(VersionIdsToStages);
    return labels.some((own) => own.includes('AWSPENDING') && !own.includes('AWSCURRENT'));
  } catch {
    return false;
  }
}
