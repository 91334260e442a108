import { RotationError, type Versions } from '../../src/index.js';
import { type AdministratorsStep, throughAdministrator } from './administrator.js';
import { orDropPending } from './drop-pending.js';
import type { Kind, Turns } from './engine.js';
import type { Pair } from './pairs.js';
import { type DatabaseSecret, placeName } from './secret.js';
import type { DatabaseSession } from './session.js';

/** The step of alternating users' setSecret. */
interface TurnsStep<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts, Prepared>
  extends AdministratorsStep<Secret, Session, Facts> {
  readonly kind: Kind<Secret> & { readonly rejectionHint: string };
  readonly server: Turns<Secret, Session, Facts, Prepared>;
}

/** Runs setSecret of two users that take turns. Loaded on demand, to keep cold starts short. */
export async function takeTurns<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
  Prepared,
>(
  { pending, current }: Versions<Secret & { readonly masterarn: string }>,
  pair: Pair,
  step: TurnsStep<Secret, Session, Facts, Prepared>,
): Promise<void> {
  const { server, context } = step;
  if (pending.username !== pair.other) {
    throw new RotationError(
      'ERR_PENDING_MISMATCH',
      `AWSPENDING is for "${pending.username}", but "${current.username}" takes turns with "${pair.other}"`,
      {
        hint:
          'nothing was changed. Find out who wrote AWSPENDING, and whether this is the secret’s rotator, with the same `pairs`. ' +
          'Only if the server refuses AWSPENDING’s password, remove its label and rotate again',
      },
    );
  }
  const users = [pair.original, pair.clone];
  const witness = await prove(current, step);
  try {
    const prepared = await server.prepare(
      { session: witness, facts: await server.facts(witness) },
      pending,
      step,
    );
    await throughAdministrator({ pending, users, witness }, step, (administrator) =>
      // AWSCURRENT has just logged in, and stays as it is.
      server.giveTurn(administrator, { pair, prepared }, step).catch((error: unknown) => {
        throw orDropPending(error, context);
      }),
    );
  } finally {
    await witness.end();
  }
}

/** AWSCURRENT must log in: the secret's writer could name any user in it. */
async function prove<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts, Prepared>(
  current: Secret,
  { kind, connections, context }: TurnsStep<Secret, Session, Facts, Prepared>,
): Promise<Session> {
  const session = await connections.logIn(current, context);
  if (session !== 'rejected') return session;
  throw new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(current)} refused "${current.username}" of AWSCURRENT, so nothing was changed`,
    {
      hint:
        'store the working password as AWSCURRENT with PutSecretValue, or set AWSCURRENT’s password on the server as an ' +
        'administrator. Note that ' +
        kind.rejectionHint,
    },
  );
}
