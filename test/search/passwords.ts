import { type RotationHandler, rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import type { PasswordApi, PasswordRotation } from './password-rotators.js';
import type { Act, Ask, MakeService, Service, Value } from './service.js';

/**
 * A service whose users have one password each, which the owner chooses. A change is a transaction, which holds the lock
 * of the user's row until it is committed or rolled back.
 *
 * A session whose client has crashed, froze or stalls does not hold it for ever: the server ends the transaction. Here it
 * does so as soon as somebody else wants the row, which is the only way to see that it has. That somebody waited until
 * the other was done is the schedule in which the other went on first.
 */
export function passwords(rotation: PasswordRotation): MakeService {
  return () => new Passwords(rotation);
}

/** Of the client that `ask` is of. */
interface Transaction {
  readonly ask: Ask;
  readonly password: string;
}

class Passwords implements Service {
  readonly healsItself: boolean;
  readonly promised: Service['promised'];
  readonly endsByLabels = false;
  readonly #rotation: PasswordRotation;
  readonly #passwords = new Map<string, string>();
  /** By the user whose row is locked. */
  readonly #transactions = new Map<string, Transaction>();
  #made = 0;

  constructor(rotation: PasswordRotation) {
    this.#rotation = rotation;
    this.healsItself = !rotation.overlaps;
    this.promised = rotation.overlaps ? ['AWSCURRENT'] : ['AWSCURRENT', 'AWSPENDING'];
  }

  handler(ask: Ask, client: SecretsManagerApi): RotationHandler {
    const session: PasswordApi['administrator'] = {
      change: async ({ user, password }) => {
        const transaction: Transaction = { ask, password };
        await ask('change', () => void this.#transactions.set(user, transaction));
        const isOpen = () => this.#transactions.get(user) === transaction;
        return {
          commit: () =>
            ask('commit', () => {
              if (!isOpen()) throw new Error('the server has ended the transaction');
              this.#set(user, password);
            }),
          // At once: later it would keep others waiting, and change nothing else.
          rollBack: () => void (isOpen() && this.#transactions.delete(user)),
        };
      },
    };
    const api: PasswordApi = {
      logIn: async ({ user, password }) =>
        (await ask('log in', () => this.works({ user, password }))) ? session : 'rejected',
      administrator: session,
      makePassword: () => this.#makePassword(),
    };
    return rotationHandler(this.#rotation.rotator(api), { client, log: () => {} });
  }

  works({ user, password }: Value): boolean {
    return password !== undefined && this.#passwords.get(String(user)) === password;
  }

  /** Of users who have been made: one that no version tells the password of. */
  strays(held: readonly Value[]): readonly string[] {
    return [...this.#passwords]
      .filter(([user, password]) => !held.some((value) => value.user === user && value.password === password))
      .map(([user]) => user);
  }

  byHand({ current }: { readonly current?: Value | undefined }): Act<Value> {
    return () => {
      const value = { user: String(current?.user ?? 'app'), password: this.#makePassword() };
      this.#set(value.user, value.password);
      return value;
    };
  }

  /** What works is left alone: then nobody waits for the lock. */
  takeAgain(value: Value): Act<void> {
    return () => {
      if (!this.works(value)) this.#set(String(value.user), String(value.password));
    };
  }

  /** By whom it is held decides who may commit; nobody else can see what has not been committed. */
  holds(ask: Ask): unknown {
    return [...this.#transactions]
      .filter(([, transaction]) => transaction.ask === ask)
      .map(([user, { password }]) => [user, password]);
  }

  save(): () => void {
    const made = this.#made;
    const passwords = [...this.#passwords];
    return () => {
      this.#made = made;
      this.#passwords.clear();
      this.#transactions.clear();
      for (const [user, password] of passwords) this.#passwords.set(user, password);
    };
  }

  /** Not how many were made: no two are alike, and that is all that matters of the next. */
  fingerprint(): unknown {
    return [...this.#passwords].sort();
  }

  /** Whoever else has changed the user's password, and has not committed it, has lost the lock. */
  #set(user: string, password: string): void {
    this.#passwords.set(user, password);
    this.#transactions.delete(user);
  }

  #makePassword(): string {
    return `the password with the number ${++this.#made}`;
  }
}
