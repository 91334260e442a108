import { tell } from '../events.js';
import type { RotatingSecret } from '../secret.js';
import { LONGEST_TIMER_MS, since } from '../wait.js';
import { loginOf } from './login.js';

/** The login of a session. */
export interface SessionLogin {
  readonly versionId: string;
  readonly user: string;
}

interface Session extends SessionLogin {
  /** When to end it, if its user is no longer the secret's. */
  due: { readonly from: number; readonly ms: number } | undefined;
}

const SHORTEST_MS = 1000;

/**
 * Ends the sessions of a user that is no longer the secret's (alternating users): one by one over `retireMs`, and only idle
 * ones. A password change of the same user ends nothing, because open sessions outlive it.
 */
export class Retirement<S extends object> {
  readonly #secret: RotatingSecret<unknown>;
  readonly #retireMs: number;
  readonly #endIdle: (isDue: (session: S) => boolean) => void;
  readonly #sessions = new Map<S, Session>();
  readonly #stopListening: () => void;
  #user: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param endIdle ends one idle session that is due, unless a caller waits for a session */
  constructor(
    secret: RotatingSecret<unknown>,
    retireMs: number,
    endIdle: (isDue: (session: S) => boolean) => void,
  ) {
    this.#secret = secret;
    this.#retireMs = retireMs;
    this.#endIdle = endIdle;
    this.#stopListening = secret.onChange(({ value }) => this.#userMayBe(value));
  }

  began(session: S, login: SessionLogin): void {
    this.#user ??= login.user;
    this.#sessions.set(session, { ...login, due: undefined });
    if (login.user !== this.#user) this.#spread();
  }

  ended(session: S): void {
    this.#sessions.delete(session);
  }

  /** Whether the session should end now if it is idle. */
  readonly isDue = (session: S): boolean => {
    const { due } = this.#sessions.get(session) ?? {};
    return due !== undefined && since(due.from) >= due.ms;
  };

  /** Records that the pool ends the session. */
  retires(session: S): void {
    const { versionId } = this.#sessions.get(session) ?? {};
    this.#sessions.delete(session);
    if (versionId !== undefined) tell(this.#secret.id, { type: 'retired', versionId });
  }

  stop(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#sessions.clear();
  }

  #userMayBe(value: unknown): void {
    let user: string;
    try {
      user = loginOf(this.#secret.id, value).username;
    } catch {
      return; // The next login reports the error.
    }
    if (user === this.#user) return;
    this.#user = user;
    this.#spread();
  }

  /** Spreads the ends over `retireMs`, so that sessions do not all reconnect at once. */
  #spread(): void {
    const old = [...this.#sessions.values()].filter(({ user }) => user !== this.#user);
    for (const session of this.#sessions.values()) session.due = undefined;
    for (const [n, session] of old.entries()) {
      session.due = { from: Date.now(), ms: (this.#retireMs * (n + 1)) / old.length };
    }
    this.#schedule();
  }

  /** Idle sessions cause no event, so a timer ends them. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const left = [...this.#sessions.values()].flatMap(({ due }) => (due ? [due.ms - since(due.from)] : []));
    if (left.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#endIdle(this.isDue);
        this.#schedule();
      },
      Math.max(SHORTEST_MS, Math.min(LONGEST_TIMER_MS, ...left)),
    );
    this.#timer.unref();
  }
}
