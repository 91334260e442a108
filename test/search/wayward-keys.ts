import type { Verdict } from '../../src/index.js';
import type { KeyProvider, ProviderKey } from '../support/key-provider.js';
import type { Twist } from './service.js';

/** How many keys a page of a list has. */
const PAGE = 2;

/** What is answered first, one server after the other, until all know a new key, or an ended one. */
const SPREADING: Readonly<Record<'slowly' | 'late', readonly Verdict[]>> = {
  slowly: ['accepted', 'rejected', 'rejected', 'accepted', 'rejected'],
  late: ['rejected', 'accepted', 'accepted', 'rejected', 'accepted'],
};

/** A provider that has done what it was asked for, but not as one thinks. */
export class WaywardKeys {
  readonly #provider: KeyProvider;
  /** How often the provider still gives the old answer about a key. */
  #answers: Readonly<Record<string, readonly Verdict[]>> = {};
  /** Keys that were ended, and are accepted for ever. */
  #undying: readonly string[] = [];
  #order: 'newest first' | 'oldest first' | undefined;

  constructor(provider: KeyProvider) {
    this.#provider = provider;
  }

  issue(name: string, twist?: Twist): { id: string; key: string } {
    const made = this.#provider.issue(name);
    if (twist === 'slowly') this.#answers = { ...this.#answers, [made.key]: SPREADING.slowly };
    return made;
  }

  revoke(id: string, twist?: Twist): void {
    const key = this.#provider.keys.get(id)?.key;
    this.#provider.revoke(id);
    if (key === undefined) return;
    if (twist === 'late') this.#answers = { ...this.#answers, [key]: SPREADING.late };
    if (twist === 'never') this.#undying = [...this.#undying, key];
  }

  list(twist?: Twist): readonly ProviderKey[] {
    if (twist === 'cut, newest first') this.#order = 'newest first';
    if (twist === 'cut, oldest first') this.#order = 'oldest first';
    const keys = this.#provider.list();
    if (this.#order === undefined) return keys;
    return this.#order === 'oldest first' ? keys.slice(0, PAGE) : keys.toReversed().slice(0, PAGE);
  }

  probe(key: string): Verdict {
    const [answer, ...left] = this.#answers[key] ?? [];
    if (answer === undefined) return this.#accepts(key) ? 'accepted' : 'rejected';
    this.#answers = { ...this.#answers, [key]: left };
    return answer;
  }

  /** Whether it may be accepted somewhere though it was ended. */
  lingers(key: string): boolean {
    return !this.#provider.accepts(key) && (this.#accepts(key) || this.#isSpreading(key));
  }

  /** Whether it is accepted everywhere, and is not to end. */
  works(key: string): boolean {
    return this.#provider.accepts(key) && !this.#isSpreading(key);
  }

  get isCut(): boolean {
    return this.#order !== undefined;
  }

  /** Whoever asks for lists says how pages are asked for. */
  showAll(): void {
    this.#order = undefined;
  }

  save(): () => void {
    const [answers, undying, order] = [this.#answers, this.#undying, this.#order];
    return () => {
      [this.#answers, this.#undying, this.#order] = [answers, undying, order];
    };
  }

  fingerprint(): unknown {
    return [this.#answers, this.#undying, this.#order];
  }

  #accepts(key: string): boolean {
    return this.#provider.accepts(key) || this.#undying.includes(key);
  }

  #isSpreading(key: string): boolean {
    return (this.#answers[key] ?? []).length > 0;
  }
}
