import { since } from '../wait.js';

/** What is known of a secret when somebody wants to log in. */
export interface Known<V> {
  readonly current: V;
  /** When the last look at both began. */
  readonly at: number;
  /** What was AWSPENDING since, and may be tried in place of `current`, the newest first. */
  readonly pending: readonly V[];
}

/** What a caller who wants to log in does next. */
export type Decision<V> =
  | { readonly next: 'log-in'; readonly version: V }
  /**
   * Somebody tries a version: wait for the verdict, `ms` at most. `version` is there as long as nothing was refused: who has
   * no time to wait logs in with it.
   */
  | { readonly next: 'wait'; readonly ms: number; readonly version?: V }
  /** Everything known is refused: look for more. In `ms` the first of them may be tried again. */
  | { readonly next: 'search'; readonly ms: number };

/** A login that has begun. */
export interface Login {
  readonly versionId: string;
  readonly number: number;
}

/** How a login ended: `unclear` if it failed for another reason than the credential. */
export type Outcome = 'accepted' | 'refused' | 'unclear';

interface Verdict {
  readonly is: Outcome;
  /** The login that brought it; 0 as long as none has told of the credential. */
  readonly number: number;
  readonly at: number;
  /** Refusals in a row. */
  readonly refusals: number;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** How long others wait for the first login with a version before they go as well. */
const FIRST_LOGIN_MS = 1000;
const LOOK_MS = 500;
const PROBE_MS = 10_000;
const VERSIONS = 8;

/**
 * What one place (a pool, a service) has said of the versions of a secret, and who may log in with which. It waits for
 * nothing and asks nobody.
 *
 * - A version that was accepted here is anybody's.
 * - One of which nothing is known is tried by one caller; the others wait for the verdict.
 * - One that was refused is tried again, by one caller, after 1, 2, 4 … 30 s: a replica may lag, a person may mend it.
 * - AWSPENDING is tried only after AWSCURRENT was refused here. Once accepted, it is used until it is refused or AWSCURRENT is
 *   another version.
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
    // Nothing was refused, and the first login took long or failed for another reason: no cause to make others wait.
    if (!isRefused && (wait <= 0 || this.is(known.current.versionId) === 'unclear')) {
      return { next: 'log-in', version: known.current };
    }
    if (wait > 0) return { next: 'wait', ms: wait, ...(!isRefused && { version: known.current }) };
    const due = candidates.map((version) => ({ version, ms: this.#refusedForMs(version, known.at) }));
    const first = due.find(({ ms }) => ms <= 0);
    if (first) return { next: 'log-in', version: first.version };
    return { next: 'search', ms: Math.min(...due.map(({ ms }) => ms)) };
  }

  /** Whether there is a version that anybody may log in with. */
  isOpen(known: Known<V>): boolean {
    return this.#accepted(this.#inOrder(known)) !== undefined;
  }

  /** Whether all that is known was refused, and nobody is trying it again. */
  isExhausted(known: Known<V>): boolean {
    const isTried = this.#probe !== undefined && since(this.#probe.at) < PROBE_MS;
    return !isTried && this.#inOrder(known).every(({ versionId }) => this.is(versionId) === 'refused');
  }

  /** What somebody uses who does not wait: AWSPENDING in place of an AWSCURRENT that was refused, if it was not. */
  preferred(known: Known<V>): V {
    return this.#accepted(this.#inOrder(known)) ?? known.current;
  }

  begin({ versionId }: { readonly versionId: string }): Login {
    const login = { versionId, number: ++this.#logins };
    const isTaken = this.#probe && since(this.#probe.at) < PROBE_MS;
    if (this.is(versionId) !== 'accepted' && !isTaken) this.#probe = { ...login, at: Date.now() };
    return login;
  }

  /** Returns whether it says anything new: not if a later login has ended before, unless others wait for this one. */
  end({ versionId, number }: Login, outcome: Outcome): boolean {
    const wasProbe = this.withdraw({ versionId, number });
    const last = this.#verdicts.get(versionId);
    if (outcome === 'unclear') return this.#failedOtherwise(versionId, last) || wasProbe;
    // A later login knows better: this one's answer was on its way when the service changed.
    if (last && last.number >= number) return wasProbe;
    const isRefused = outcome === 'refused';
    const refusals = isRefused ? (last?.refusals ?? 0) + 1 : 0;
    // Logins that are under way together are one refusal: those that began before it was known say nothing new.
    this.#note(versionId, {
      is: outcome,
      number: isRefused ? this.#logins : number,
      at: Date.now(),
      refusals,
    });
    return true;
  }

  /** A login that began was not made after all: it says nothing. Returns whether others wait for it. */
  withdraw({ number }: Login): boolean {
    const isProbe = this.#probe?.number === number;
    if (isProbe) this.#probe = undefined;
    return isProbe;
  }

  /** The login failed, and not for its credential: what is known of the credential stays, and hides no refusal that comes later. */
  #failedOtherwise(versionId: string, last: Verdict | undefined): boolean {
    if (last?.is === 'accepted') return false;
    // One that was refused has had its turn: the next is a back-off later.
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

  /** What was refused may be tried again as soon as after its first refusal, by one caller as ever. */
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
    // What nobody has tried comes before what was refused.
    const having = (verdict: Outcome) =>
      pending.filter(({ versionId }) => (this.is(versionId) ?? 'unclear') === verdict);
    return [...having('accepted'), ...having('unclear'), current, ...having('refused')];
  }

  /** How long it is until a refused version may be tried again; 0 if it was not refused. */
  #refusedForMs({ versionId }: V, lookedAt: number): number {
    const verdict = this.#verdicts.get(versionId);
    if (verdict?.is !== 'refused') return 0;
    const backOff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (verdict.refusals - 1));
    // First a look, then the same again: the look may be under way.
    return Math.max(0, backOff + (lookedAt > verdict.at ? 0 : LOOK_MS) - since(verdict.at));
  }
}
