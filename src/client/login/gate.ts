import { since } from '../wait.js';

/** The versions that a caller may log in with. */
export interface Known<V> {
  readonly current: V;
  /** When the last read of both labels began. */
  readonly at: number;
  /** Versions that had AWSPENDING while `current` was AWSCURRENT and may be tried, newest first. */
  readonly pending: readonly V[];
}

/** The next thing that a caller does to log in. */
export type Decision<V> =
  | { readonly next: 'log-in'; readonly version: V }
  /**
   * Another caller is trying a version: wait `ms` at most for the outcome. `version` is set if nothing was refused: a caller
   * without time logs in with it.
   */
  | { readonly next: 'wait'; readonly ms: number; readonly version?: V }
  /** Every known version was refused: read the secret. The first of them may be tried again after `ms`. */
  | { readonly next: 'search'; readonly ms: number };

/** A login that has begun. */
export interface Login {
  readonly versionId: string;
  readonly number: number;
}

/** How a login ended; `unclear` means that it failed, but not because of the credential. */
export type Outcome = 'accepted' | 'refused' | 'unclear';

interface Verdict {
  readonly is: Outcome;
  /** Number of the login that decided; 0 while none has. */
  readonly number: number;
  readonly at: number;
  /** Consecutive refusals. */
  readonly refusals: number;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** How long others wait for the first login with a version before they log in too. */
const FIRST_LOGIN_MS = 1000;
const LOOK_MS = 500;
const PROBE_MS = 10_000;
const VERSIONS = 32;

/**
 * Decides who may log in with which version in one place (a pool, a service). It never waits and never reads.
 *
 * - Every caller may use a version that was accepted here.
 * - One caller tries an untried version, and the others wait for the outcome.
 * - One caller tries a refused version again after 1, 2, 4 … 30 s: a replica may lag, or a person may repair the password.
 * - AWSPENDING is tried only after AWSCURRENT was refused here. If its login fails for another reason, both take turns.
 *   Once accepted, it is used until it is refused or AWSCURRENT changes.
 */
export class Gate<V extends { readonly versionId: string }> {
  readonly #verdicts = new Map<string, Verdict>();
  #logins = 0;
  /** The login that the others wait for. */
  #probe: (Login & { readonly at: number }) | undefined;

  decide(known: Known<V>): Decision<V> {
    const candidates = this.#inOrder(known);
    const accepted = this.#accepted(candidates);
    if (accepted) return { next: 'log-in', version: accepted };
    const isRefused = this.is(known.current.versionId) === 'refused';
    const wait = this.#probe ? (isRefused ? PROBE_MS : FIRST_LOGIN_MS) - since(this.#probe.at) : 0;
    // Nothing was refused. The first login is slow, or failed for another reason: others need not wait.
    if (!isRefused && (wait <= 0 || this.is(known.current.versionId) === 'unclear')) {
      return { next: 'log-in', version: known.current };
    }
    if (wait > 0) return { next: 'wait', ms: wait, ...(!isRefused && { version: known.current }) };
    const all = candidates.map((version) => ({ version, ms: this.#failedForMs(version, known.at) }));
    // The one tried longest ago, so that each gets its turn.
    const [first] = all.filter(({ ms }) => ms <= 0).sort((a, b) => this.#triedAt(a) - this.#triedAt(b));
    if (first) return { next: 'log-in', version: first.version };
    return { next: 'search', ms: Math.min(...all.map(({ ms }) => ms)) };
  }

  /** Whether every caller may log in now. */
  isOpen(known: Known<V>): boolean {
    return this.#accepted(this.#inOrder(known)) !== undefined;
  }

  /** Whether every known version was refused, and nobody is trying one again. */
  isExhausted(known: Known<V>): boolean {
    const isTried = this.#probe !== undefined && since(this.#probe.at) < PROBE_MS;
    return !isTried && this.#inOrder(known).every(({ versionId }) => this.is(versionId) === 'refused');
  }

  /** The version for a caller that does not wait: an accepted AWSPENDING if AWSCURRENT was refused, else AWSCURRENT. */
  preferred(known: Known<V>): V {
    return this.#accepted(this.#inOrder(known)) ?? known.current;
  }

  begin({ versionId }: { readonly versionId: string }): Login {
    const login = { versionId, number: ++this.#logins };
    const isTaken = this.#probe && since(this.#probe.at) < PROBE_MS;
    if (this.is(versionId) !== 'accepted' && !isTaken) this.#probe = { ...login, at: Date.now() };
    return login;
  }

  /** Records an outcome. Returns whether waiting callers should decide again. */
  end({ versionId, number }: Login, outcome: Outcome): boolean {
    const wasProbe = this.withdraw({ versionId, number });
    const last = this.#verdicts.get(versionId);
    if (outcome === 'unclear') return this.#failedOtherwise(versionId, last) || wasProbe;
    // A later login has ended already, and its answer is newer.
    if (last && last.number >= number) return wasProbe;
    const isRefused = outcome === 'refused';
    const refusals = isRefused ? (last?.refusals ?? 0) + 1 : 0;
    // Concurrent logins count as one refusal, so ignore those that began before this one ended.
    this.#note(versionId, {
      is: outcome,
      number: isRefused ? this.#logins : number,
      at: Date.now(),
      refusals,
    });
    return true;
  }

  /** Forgets a login that was not made after all. Returns whether others wait for it. */
  withdraw({ number }: Login): boolean {
    const isProbe = this.#probe?.number === number;
    if (isProbe) this.#probe = undefined;
    return isProbe;
  }

  /** Keeps the verdict and its number, so that a later refusal still counts. */
  #failedOtherwise(versionId: string, last: Verdict | undefined): boolean {
    if (last?.is === 'accepted') return false;
    // The new time makes a refused version wait for its back-off again.
    const verdict = last ?? { is: 'unclear', number: 0, refusals: 0 };
    this.#note(versionId, { ...verdict, at: Date.now() });
    return true;
  }

  #note(versionId: string, verdict: Verdict): void {
    this.#verdicts.delete(versionId);
    this.#verdicts.set(versionId, verdict);
    const [oldest] = this.#verdicts.keys();
    if (this.#verdicts.size > VERSIONS && oldest !== undefined) this.#verdicts.delete(oldest);
  }

  /** Resets every back-off to that of a first refusal. */
  tryAgain(): void {
    for (const [id, verdict] of this.#verdicts) {
      this.#verdicts.set(id, { ...verdict, refusals: Math.min(verdict.refusals, 1) });
    }
  }

  is(versionId: string): Outcome | undefined {
    return this.#verdicts.get(versionId)?.is;
  }

  #accepted(candidates: readonly V[]): V | undefined {
    return candidates.find(({ versionId }) => this.is(versionId) === 'accepted');
  }

  #inOrder({ current, pending }: Known<V>): readonly V[] {
    if (this.is(current.versionId) !== 'refused') return [current];
    // Untried versions come before refused ones.
    const having = (verdict: Outcome) =>
      pending.filter(({ versionId }) => (this.is(versionId) ?? 'unclear') === verdict);
    return [...having('accepted'), ...having('unclear'), current, ...having('refused')];
  }

  /** When it was last tried; 0 if never. */
  #triedAt({ version: { versionId } }: { readonly version: V }): number {
    return this.#verdicts.get(versionId)?.at ?? 0;
  }

  /** Time until a version that failed may be tried again, in milliseconds; 0 for every other. */
  #failedForMs({ versionId }: V, lookedAt: number): number {
    const verdict = this.#verdicts.get(versionId);
    if (!verdict || verdict.is === 'accepted') return 0;
    const backOff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, verdict.refusals - 1));
    // Give a read that is in progress time to finish first.
    return Math.max(0, backOff + (lookedAt > verdict.at ? 0 : LOOK_MS) - since(verdict.at));
  }
}
