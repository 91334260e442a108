/** A provider of keys that it chooses and shows once, in memory. It counts those that are live. */
export class KeyProvider {
  readonly keys = new Map<string, ProviderKey>();
  issued = 0;
  readonly #hasNames: boolean;
  readonly #limit: number;
  readonly #now: () => number;

  constructor({
    hasNames = true,
    limit = Number.POSITIVE_INFINITY,
    now = Date.now,
  }: { readonly hasNames?: boolean; readonly limit?: number; readonly now?: () => number } = {}) {
    this.#hasNames = hasNames;
    this.#limit = limit;
    this.#now = now;
  }

  issue(name: string): { id: string; key: string } {
    if (this.keys.size >= this.#limit) throw new Error('LimitExceeded');
    const id = `id-${++this.issued}`;
    const key = `the key with the number ${this.issued}`;
    this.keys.set(id, { id, key, name: this.#hasNames ? name : undefined, createdAt: new Date(this.#now()) });
    return { id, key };
  }

  list(): readonly ProviderKey[] {
    return [...this.keys.values()];
  }

  /** Answers that a key is not found by `false`. */
  revoke(id: string): boolean {
    return this.keys.delete(id);
  }

  accepts(key: unknown): boolean {
    return this.list().some((live) => live.key === key);
  }
}

export interface ProviderKey {
  readonly id: string;
  readonly key: string;
  readonly name: string | undefined;
  readonly createdAt: Date;
}
