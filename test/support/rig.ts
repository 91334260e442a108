import { inspect } from 'node:util';
import {
  type LogEntry,
  type RotationHandlerOptions,
  type Rotator,
  rotationHandler,
  type SecretsManagerApi,
  type Step,
  stringField,
} from '../../src/index.js';
import { LocalSecretsManager, type RotationReport } from '../../src/testing/index.js';

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

export interface Rig {
  readonly secrets: LocalSecretsManager;
  readonly door: Door;
  readonly log: LogEntry[];
  readonly arn: string;
  /** Begins a rotation; returns its token. */
  begin(options?: { RotateImmediately?: boolean }): Promise<string>;
  /** Delivers one step of the rotation that is under way. */
  deliver(step: Step): Promise<void>;
  run(): Promise<RotationReport>;
  reattempt(): Promise<RotationReport>;
  value(label: string): Promise<Record<string, unknown>>;
  labels(): Promise<Record<string, string[]>>;
}

/** A secret in a local Secrets Manager, a door that it opens, and a handler that rotates it. */
export async function rig(
  options: {
    readonly parts?: Partial<DoorRotator>;
    readonly secretString?: string;
    /** Puts something between the handler and the local Secrets Manager. */
    readonly client?: (secrets: LocalSecretsManager) => SecretsManagerApi;
    readonly log?: RotationHandlerOptions['log'];
  } = {},
): Promise<Rig> {
  const secrets = new LocalSecretsManager();
  const door = new Door();
  const log: LogEntry[] = [];
  const handler = rotationHandler(doorRotator(door, options.parts), {
    client: options.client?.(secrets) ?? secrets,
    log: options.log ?? ((entry) => log.push(entry)),
  });
  const lambdaArn = secrets.addFunction('rotate', handler);
  const { ARN = '' } = await secrets.createSecret({
    Name: 'door',
    SecretString: options.secretString ?? SECRET,
  });
  return {
    secrets,
    door,
    log,
    arn: ARN,
    async begin(settings = {}) {
      const { VersionId = '' } = await secrets.rotateSecret({
        SecretId: 'door',
        RotationLambdaARN: lambdaArn,
        ...settings,
      });
      return VersionId;
    },
    deliver: (step) => secrets.rotation('door').deliver(step),
    run: () => secrets.rotation('door').run(),
    reattempt: () => secrets.rotation('door').reattempt(),
    async value(label) {
      const { SecretString } = await secrets.getSecretValue({ SecretId: 'door', VersionStage: label });
      return JSON.parse(SecretString ?? '');
    },
    async labels() {
      const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'door' });
      return VersionIdsToStages;
    },
  };
}

/** What a promise rejects with; fails if it does not. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => 'resolved' as const,
    (error: unknown) => ({ error }),
  );
  if (outcome === 'resolved') throw new Error('expected a rejection');
  return outcome.error;
}

/** All that can be seen of an error: message, stack, causes, properties, hidden ones too. */
export function allOf(error: unknown): string {
  return inspect(error, { depth: 20, showHidden: true, maxStringLength: null });
}

/** Whether any run of eight characters of a secret stands in a text. */
export function leaks(text: string, secret: string): string | undefined {
  for (let at = 0; at + 8 <= secret.length; at++) {
    const run = secret.slice(at, at + 8);
    if (text.includes(run)) return run;
  }
  return undefined;
}
