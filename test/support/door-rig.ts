import { type Rotator, type SecretsManagerApi, stringField } from '../../src/index.js';
import { LocalSecretsManager, type Rig, rig } from '../../src/testing/index.js';

interface DoorSecret {
  readonly user: string;
  readonly password: string;
}

/** A service with one user and one password: it counts how often it is changed, and can be out of order. */
export class Door {
  password = FIRST;
  changes = 0;
  isBroken = false;

  accepts(password: unknown): boolean {
    return this.password === password;
  }

  set(password: string): void {
    if (this.isBroken) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    this.password = password;
    this.changes++;
  }
}

export const FIRST = 'first/pass word"1';
export const SECRET = `{ "user": "app",\n  "password": ${JSON.stringify(FIRST)}, "serial": 12345678901234567890 }`;

export type DoorRotator = Rotator<DoorSecret, 'password'>;

let made = 0;

/** A rotator for a door, of which a test may replace parts. */
export function doorRotator(door: Door, parts: Partial<DoorRotator> = {}): DoorRotator {
  return {
    name: 'door',
    rotates: ['password'],
    shows: ['user'],
    parse: (json) => ({ user: stringField(json, 'user'), password: stringField(json, 'password') }),
    createSecret: () => ({ password: `fresh/pass word"${++made}` }),
    setSecret({ pending, current }) {
      if (!door.accepts(current.password) && !door.accepts(pending.password)) throw new Error('locked out');
      door.set(pending.password);
    },
    testSecret: ({ password }) => (door.accepts(password) ? 'accepted' : 'rejected'),
    ...parts,
  };
}

export interface DoorRig extends Rig<DoorSecret> {
  readonly door: Door;
}

/** A secret in a local Secrets Manager, a door that it opens, and a handler that rotates it. */
export async function doorRig(
  options: {
    readonly parts?: Partial<DoorRotator>;
    readonly secretString?: string;
    /** Puts something between the handler and the local Secrets Manager. */
    readonly client?: (secrets: LocalSecretsManager) => SecretsManagerApi;
  } = {},
): Promise<DoorRig> {
  const { parts, secretString: secret = SECRET, client } = options;
  const [secrets, door] = [new LocalSecretsManager(), new Door()];
  const common = { name: 'door', secret, secrets, ...(client && { client: client(secrets) }) };
  return { door, ...(await rig(doorRotator(door, parts), common)) };
}
