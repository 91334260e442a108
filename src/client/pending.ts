import type { ReadVersion } from './version.js';
import { ageMs, jittered, since } from './wait.js';

/** How long AWSPENDING is not looked at after a policy forbade it. */
const FORBIDDEN_MS = 300_000;
/** When a version that is not promoted yet is looked at first; then after twice that, up to `freshMs`. */
const FIRST_LOOK_MS = 5000;

interface Pending<T> {
  readonly version: ReadVersion<T>;
  /** When it was last seen to be AWSPENDING. */
  at: number;
  /** Whether a service took it in place of AWSCURRENT. */
  isUsed: boolean;
  isOrphan: boolean;
}

/** What was AWSPENDING while the same version was AWSCURRENT, and may be tried in its place. */
export class PendingVersions<T> {
  readonly #fields: readonly string[];
  readonly #freshMs: number;
  readonly #byId = new Map<string, Pending<T>>();
  #forbiddenAt = Number.NEGATIVE_INFINITY;
  #lookMs = FIRST_LOOK_MS;

  /** @param fields those in which it may differ from AWSCURRENT: none if it is never tried */
  constructor(fields: readonly string[], freshMs: number) {
    this.#fields = fields;
    this.#freshMs = freshMs;
  }

  get mayLook(): boolean {
    return this.#fields.length > 0 && since(this.#forbiddenAt) >= FORBIDDEN_MS;
  }

  /** Whether a service takes one in place of AWSCURRENT. */
  get isUsed(): boolean {
    return [...this.#byId.values()].some(({ isUsed }) => isUsed);
  }

  /** The newest first. */
  notOlderThan(staleMs: number): readonly ReadVersion<T>[] {
    const young = [...this.#byId.values()].filter(({ at }) => ageMs(at) <= staleMs);
    return young.map(({ version }) => version).reverse();
  }

  /** AWSPENDING was read. Returns whether it may be tried, and whether it is another than before. */
  saw(
    read: ReadVersion<T>,
    current: ReadVersion<T>,
  ): { readonly isCandidate: boolean; readonly isChange: boolean } {
    if (!read.differsOnlyIn(this.#fields, current)) return { isCandidate: false, isChange: false };
    const known = this.#byId.get(read.versionId);
    if (known) Object.assign(known, { at: Date.now(), isOrphan: false });
    else this.#byId.set(read.versionId, { version: read, at: Date.now(), isUsed: false, isOrphan: false });
    return { isCandidate: true, isChange: !known };
  }

  /**
   * Forgets what is no longer AWSPENDING, unless a service takes it: then AWSCURRENT is known to be refused, and nothing else
   * is known to work.
   *
   * @returns the ids of those that have just lost the label and are used
   */
  keep(versionId: string | undefined): readonly string[] {
    const orphans: string[] = [];
    for (const [id, pending] of this.#byId) {
      if (id === versionId) continue;
      if (!pending.isUsed) this.#byId.delete(id);
      else if (!pending.isOrphan) {
        pending.isOrphan = true;
        orphans.push(id);
      }
    }
    return orphans;
  }

  /** A service took a version. Returns whether it is one of these, for the first time. */
  wasAccepted({ versionId }: ReadVersion<T>): boolean {
    const pending = this.#byId.get(versionId);
    if (!pending || pending.isUsed) return false;
    pending.isUsed = true;
    return true;
  }

  wasForbidden(): void {
    this.#forbiddenAt = Date.now();
  }

  mayBeAllowed(): void {
    this.#forbiddenAt = Number.NEGATIVE_INFINITY;
  }

  /** Another version is AWSCURRENT. */
  clear(): void {
    this.#byId.clear();
    this.#lookMs = FIRST_LOOK_MS;
  }

  /** Until the next look, while one is used: each time twice as long. */
  nextLookMs(): number {
    const ms = Math.min(this.#freshMs, this.#lookMs);
    this.#lookMs = ms * 2;
    return jittered(ms, 0.8);
  }
}
