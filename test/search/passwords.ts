import { type RotationHandler, rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import type { PasswordApi, PasswordRotation } from './password-rotators.js';
import type { Act, Ask, MakeService, Service, Value } from './service.js';

/** A service whose users have one password each, which the owner chooses. */
export function passwords(rotation: PasswordRotation): MakeService {
  return () => new Passwords(rotation);
}

class Passwords implements Service {
  readonly promised: Service['promised'];
  readonly endsByLabels = false;
  readonly #rotation: PasswordRotation;
  readonly #passwords = new Map<string, string>();
  #made = 0;

  constructor(rotation: PasswordRotation) {
    this.#rotation = rotation;
    this.promised = rotation.overlaps ? ['AWSCURRENT'] : ['AWSCURRENT', 'AWSPENDING'];
  }

  handler(ask: Ask, client: SecretsManagerApi): RotationHandler {
    const session: PasswordApi['administrator'] = {
      setPassword: ({ user, password }) =>
        ask('set password', () => void this.#passwords.set(user, password)),
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
      this.#passwords.set(value.user, value.password);
      return value;
    };
  }

  takeAgain({ user, password }: Value): Act<void> {
    return () => void this.#passwords.set(String(user), String(password));
  }

  save(): () => void {
    const made = this.#made;
    const passwords = [...this.#passwords];
    return () => {
      this.#made = made;
      this.#passwords.clear();
      for (const [user, password] of passwords) this.#passwords.set(user, password);
    };
  }

  /** Not how many were made: no two are alike, and that is all that matters of the next. */
  fingerprint(): unknown {
    return [...this.#passwords].sort();
  }

  #makePassword(): string {
    return `the password with the number ${++this.#made}`;
  }
}
