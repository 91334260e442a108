import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type LambdaContext,
  type LogEntry,
  type RotationEvent,
  rotationHandler,
  type SecretsManagerApi,
  type StepContext,
} from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { Door, type DoorRotator, doorRotator } from './door-rig.js';

/** A building of many doors, each with its own secret and administrator's secret, and one function for all. */
export interface Building {
  readonly secrets: LocalSecretsManager;
  readonly log: readonly LogEntry[];
  /** The names of the secrets, which are the users' too. */
  readonly names: readonly string[];
  door(name: string): Door;
  begin(name: string): Promise<string>;
  password(name: string, label?: string): Promise<string>;
  /** The password that the door had at first. */
  first(name: string): string;
}

export interface Wiring {
  /** What one of the doors does in setSecret before it is set. */
  readonly onSet?: (name: string, pending: string, context: StepContext) => unknown;
  readonly client?: (secrets: LocalSecretsManager) => SecretsManagerApi;
  /** How long setSecret of a secret may take. */
  readonly setSecretMs?: (name: string) => number | undefined;
}

export async function building(count: number, wiring: Wiring = {}): Promise<Building> {
  // All of them at once take their time.
  const secrets = new LocalSecretsManager({ timeoutMs: 120_000 });
  const log: LogEntry[] = [];
  const names = Array.from({ length: count }, (_, n) => `tenant-${String(n).padStart(3, '0')}`);
  const first = (name: string) => passwordOf(name, 'first');
  const doors = new Map(names.map((name) => [name, Object.assign(new Door(), { password: first(name) })]));
  const door = (name: string) => doors.get(name) ?? new Door();
  const handler = rotationHandler(rotatorOf(door, wiring), {
    client: wiring.client?.(secrets) ?? secrets,
    log: (entry) => log.push(entry),
  });
  const RotationLambdaARN = secrets.addFunction('rotate', (event: RotationEvent, context: LambdaContext) => {
    const ms = event.Step === 'setSecret' ? wiring.setSecretMs?.(nameIn(event.SecretId)) : undefined;
    return handler(event, ms === undefined ? context : { getRemainingTimeInMillis: () => ms });
  });
  for (const name of names) {
    const [user, password] = [name, first(name)];
    await secrets.createSecret({ Name: name, SecretString: JSON.stringify({ user, password }) });
    const admin = { username: `admin-of-${name}`, password: passwordOf(name, 'admin') };
    await secrets.createSecret({ Name: `admin/${name}`, SecretString: JSON.stringify(admin) });
  }
  return {
    ...{ secrets, log, names, door, first },
    async begin(name) {
      return (await secrets.rotateSecret({ SecretId: name, RotationLambdaARN })).VersionId ?? '';
    },
    async password(name, VersionStage = 'AWSCURRENT') {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: name, VersionStage });
      return JSON.parse(SecretString).password;
    },
  };
}

/** A password that has nothing in common with any other. */
function passwordOf(name: string, use: 'first' | 'next' | 'admin'): string {
  return createHash('sha256').update(`${use} of ${name}`).digest('base64').replace('=', '"é');
}

function rotatorOf(door: (name: string) => Door, { onSet = () => {} }: Wiring): DoorRotator {
  const of = ({ user }: { readonly user: string }) => doorRotator(door(user));
  return {
    ...doorRotator(new Door()),
    async createSecret({ user }) {
      await sleep(1);
      return { password: passwordOf(user, 'next') };
    },
    async setSecret(versions, context) {
      const { pending } = versions;
      const admin = await context.readSecret(`admin/${pending.user}`, ['username']);
      expect(admin.username).toBe(`admin-of-${pending.user}`);
      await onSet(pending.user, pending.password, context);
      await of(pending).setSecret(versions, context);
    },
    testSecret: (pending, context) => of(pending).testSecret(pending, context),
  };
}

/** The name in the ARN of a secret. */
export function nameIn(arn: string): string {
  return (
    arn
      .split(':')
      .at(-1)
      ?.replace(/-\w{6}$/, '') ?? ''
  );
}
