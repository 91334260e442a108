import {
  jsonObject,
  type Rehearsal,
  RotationError,
  type Rotator,
  rotationHandler,
  type StepContext,
} from '../../../src/index.js';
import { connectionsOf } from '../connections.js';
import type { Engine, Kind } from '../engine.js';
import type { DatabaseSecret } from '../secret.js';
import type { DatabaseSession, Logins } from '../session.js';

/** Returns the parts that all rehearsals of a single user's rotator share, on any server. */
export function rehearsalOf<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>(
  engine: Engine<Secret, Session, Facts>,
  rotator: Rotator<Secret, 'password'>,
): Pick<Rehearsal, 'rotator' | 'overlaps' | 'handler' | 'accepts' | 'restore'> {
  return {
    rotator,
    overlaps: engine.keeps === 2,
    handler: (options) => rotationHandler(rotator, options),
    accepts: acceptedBy(engine, engine.server),
    restore: (first, others) =>
      restore(
        rotator,
        parsed(engine, first),
        [...others].reverse().map((other) => parsed(engine, other)),
      ),
  };
}

/** Returns a function that asks a secret's server whether it takes the password. */
export function acceptedBy<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  kind: Kind<Secret>,
  load: () => Promise<Logins<Secret, Session>>,
): (secretString: string) => Promise<boolean> {
  return async (secretString) => {
    const session = await connectionsOf({}, load).logIn(parsed(kind, secretString), outsideRotation());
    if (session === 'rejected') return false;
    await session.end();
    return true;
  };
}

/** Runs `work` in a session of a secret's user. */
export async function inSession<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, T>(
  secret: Secret,
  load: () => Promise<Logins<Secret, Session>>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await connectionsOf({}, load).logIn(secret, outsideRotation());
  if (session === 'rejected') throw new Error(`the server refuses "${secret.username}"`);
  return work(session).finally(() => session.end());
}

/** Parses the secret for a rehearsal. */
export function parsed<Secret extends DatabaseSecret>(kind: Kind<Secret>, secretString: string): Secret {
  const json = jsonObject(secretString);
  if (!json) throw new Error('the secret is not a JSON object');
  return kind.parse(json);
}

/** Sets a password again with the rotator's own setSecret. Tries each value as the present one, the newest first. */
async function restore<Secret extends DatabaseSecret>(
  { setSecret }: Rotator<Secret, 'password'>,
  pending: Secret,
  newestFirst: readonly Secret[],
): Promise<void> {
  let refusal: unknown;
  for (const current of [pending, ...newestFirst]) {
    try {
      return await setSecret(
        { pending, current, previous: async () => undefined, abandoned: async () => [] },
        outsideRotation(),
      );
    } catch (error) {
      if (!(error instanceof RotationError && error.code === 'ERR_CREDENTIAL_REJECTED')) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Context of a step, for a call outside a rotation. */
function outsideRotation(): StepContext {
  return {
    secretId: 'rehearsal',
    token: 'restore',
    signal: AbortSignal.timeout(30_000),
    leftMs: 30_000,
    confirm: async () => 'pending',
    readSecret: () => Promise.reject(new Error('a rehearsal reads no other secret')),
    describeSecret: () => Promise.reject(new Error('a rehearsal reads no other secret')),
    hide: () => {},
    warn: () => {},
  };
}
