import { type DoorRotator, doorRig } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';

/** The secret of a door, and what else is in it. */
export type Stored = Readonly<Record<string, unknown>> & { readonly password: unknown };

/** What comes out, as an error and in the log, when setSecret of a door ends with `work`. */
export async function thrownBy(
  work: DoorRotator['setSecret'],
  stored: Stored,
  parts: Partial<DoorRotator> = {},
) {
  const { begin, deliver, log, secrets } = await doorRig({
    secretString: JSON.stringify({ user: 'app', ...stored }),
    parts: {
      parse: ({ user, password }) => ({ user: String(user), password: String(password) }),
      ...parts,
      setSecret: work,
    },
  });
  await secrets.createSecret({
    Name: 'admin',
    SecretString: JSON.stringify({
      engine: 'postgres',
      host: 'db.example.internal',
      username: 'payments-admin',
      password: 'admin-password-1',
      dbInstanceIdentifier: 'payments-db-1',
      owner: 'rotator',
      endpoint: 'db.example.internal',
      dbname: 'ledger-main-1',
      comment: 'master=ledger-main-1 since 2020',
    }),
  });
  await begin();
  await deliver('createSecret');
  return { error: await rejection(deliver('setSecret')), log };
}

/** What comes out of a text that a driver says. */
export async function said(text: string, stored: Stored): Promise<string> {
  const { error } = await thrownBy(() => {
    throw new Error(text);
  }, stored);
  return String(error).replace('RotationError: the rotator door failed in setSecret: ', '');
}
