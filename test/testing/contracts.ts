import { randomUUID } from 'node:crypto';
import { issuedKey, type Rotator, type StepContext, type Verdict } from '../../src/index.js';
import { type Clause, type ContractSubject, memoryLine, rotatorContract } from '../../src/testing/index.js';
import { Door, type DoorRotator, doorRotator, FIRST } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { KeyProvider } from '../support/key-provider.js';
import { type KeyDeclaration, type KeySecret, keysOf } from '../support/key-rig.js';

/** A door at the end of a line. */
export class FarDoor {
  readonly door = new Door();
  readonly line = memoryLine();

  accepts(password: unknown, { signal }: StepContext): Promise<boolean> {
    return this.line.call(() => this.door.accepts(password), signal);
  }

  /** @param proof the password that opens the door; without it the door lets itself be set by anybody, at any time */
  set(password: string, { signal }: StepContext, proof?: string): Promise<void> {
    return this.line.call(() => {
      if (proof !== undefined && !this.door.accepts(proof)) throw new Error('answered 401');
      this.door.set(password);
    }, signal);
  }

  /** As the documentation of `Rotator` wants it. */
  sound(): DoorRotator {
    return {
      ...doorRotator(this.door),
      createSecret: () => ({ password: `fresh/pass word"${randomUUID()}` }),
      setSecret: async ({ pending, current }, context) => {
        for (const { password } of [current, pending]) {
          if (!(await this.accepts(password, context))) continue;
          if ((await context.confirm()) === 'pending') await this.set(pending.password, context, password);
          return;
        }
        throw new Error('locked out');
      },
      testSecret: async ({ password }, context) =>
        (await this.accepts(password, context)) ? 'accepted' : 'rejected',
    };
  }
}

/** The contract for a password that we choose, with a fault in the rotator, and more of the subject. */
export function contractOfDoor(
  fault: (far: FarDoor) => Partial<DoorRotator> = () => ({}),
  more: (far: FarDoor) => Partial<Omit<ContractSubject<never, never>, 'rotator'>> = () => ({}),
) {
  const far = new FarDoor();
  return rotatorContract({
    rotator: () => ({ ...far.sound(), ...fault(far) }),
    reset() {
      far.door.password = FIRST;
      return { user: 'app', password: FIRST };
    },
    accepts: ({ password }) => far.door.accepts(password),
    line: () => far.line,
    ...more(far),
  });
}

export type KeyRotator = Rotator<KeySecret, 'id' | 'key'>;

/** The contract for keys that the provider chooses, likewise. */
export function contractOfKeys(fault: (declaration: KeyDeclaration) => KeyRotator = issuedKey) {
  const line = memoryLine();
  let now = Date.now();
  let provider = new KeyProvider();
  const reach = (): KeyDeclaration =>
    keysOf(provider, {
      issue: (name, _, { signal }) => line.call(() => provider.issue(name), signal),
      list: (_, { signal }) => line.call(() => provider.list(), signal),
      revoke: (id, _, { signal }) => line.call(() => void provider.revoke(id), signal),
      probe: ({ key }, { signal }) =>
        line.call(() => (provider.accepts(key) ? 'accepted' : 'rejected'), signal),
    });
  return rotatorContract({
    rotator: () => fault(reach()),
    reset() {
      provider = new KeyProvider({ now: () => ++now });
      return provider.issue('made by hand');
    },
    accepts: ({ key }) => provider.accepts(key),
    line: () => line,
    credentials: () => provider.keys.size,
    overlaps: true,
  });
}

/** What a clause says that a rotator does wrong. */
export async function said(clauses: readonly Clause[], name: string): Promise<unknown> {
  const clause = clauses.find((one) => one.name === name);
  return rejection(clause?.run() ?? Promise.reject(new Error(`no clause ${name}`)));
}

/** A testSecret that knows better when it has not found out. */
export function taking(failure: (error: Error, context: StepContext) => Verdict | undefined) {
  return (far: FarDoor): Partial<DoorRotator> => ({
    async testSecret({ password }, context) {
      try {
        return (await far.accepts(password, context)) ? 'accepted' : 'rejected';
      } catch (error) {
        const verdict = failure(error as Error, context);
        if (verdict) return verdict;
        throw error;
      }
    },
  });
}
