import type { ReadVersion } from './version.js';
import { ageMs, jittered, since } from './wait.js';

/** Pause after a policy denied a read of AWSPENDING. */
const FORBIDDEN_MS = 300_000;
/** Pause before the first read while AWSPENDING is in use. It doubles each time, up to `freshMs`. */
const FIRST_LOOK_MS = 5000;

interface Pending<T> {
  readonly version: ReadVersion<T>;
  /** When Secrets Manager last returned it as AWSPENDING. */
  at: number;
  /** Whether a service accepted it instead of AWSCURRENT. */
  isUsed: boolean;
  isOrphan: boolean;
}

/** The versions that had AWSPENDING under the present AWSCURRENT, and may be tried instead of it. */
export class PendingVersions<T> {
  readonly #fields: readonly string[];
  readonly #freshMs: number;
  readonly #byId = new Map<string, Pending<T>>();
  #forbiddenAt = Number.NEGATIVE_INFINITY;
  #lookMs = FIRST_LOOK_MS;

  /** @param fields the fields in which it may differ from AWSCURRENT; empty if AWSPENDING is never tried */
  constructor(fields: readonly string[], freshMs: number) {
    this.#fields = fields;
    this.#freshMs = freshMs;
  }

  get mayLook(): boolean {
    return this.#fields.length > 0 && since(this.#forbiddenAt) >= FORBIDDEN_MS;
  }

  /** Whether a service accepted one instead of AWSCURRENT. */
  get isUsed(): boolean {
    return [...this.#byId.values()].some(({ isUsed }) => isUsed);
  }

  /** Newest first. */
  notOlderThan(staleMs: number): readonly ReadVersion<T>[] {
    const young = [...this.#byId.values()].filter(({ at }) => ageMs(at) <= staleMs);
    return young.map(({ version }) => version).reverse();
  }

  /** Records AWSPENDING as read. Returns whether it may be tried, and whether it is a new version. */
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
   * Forgets the versions that lost AWSPENDING, except one that a service accepted: AWSCURRENT is refused then, and no other
   * version is known to work.
   *
   * @returns the ids of versions in use that have just lost the label
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

  /** Records that a service accepted a version. Returns whether it is one of these, for the first time. */
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

  /** Forgets everything, because AWSCURRENT has changed. */
  clear(): void {
    this.#byId.clear();
    this.#lookMs = FIRST_LOOK_MS;
  }

  /** Pause before the next read while one is in use, in milliseconds. It doubles with each call. */
  nextLookMs(): number {
    const ms = Math.min(this.#freshMs, this.#lookMs);
    this.#lookMs = ms * 2;
    return jittered(ms, 0.8);
  }
}
