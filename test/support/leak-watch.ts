import { type Finding, findLeaks } from './leak-search.js';

export interface Leak extends Omit<Finding, 'text'> {
  /** Where it was seen. */
  readonly channel: string;
}

/** What must not leave a function, and what has left one, in the test that runs. */
class LeakWatch {
  readonly #secrets = new Set<string>();
  /** What is kept in a secret and does not rotate: what it has in common with a shown value may be seen. */
  readonly #kept = new Set<string>();
  readonly #shown = new Set<string>();
  readonly #channels = new Map<string, string>();

  hide(...secrets: readonly string[]): void {
    for (const secret of secrets) this.#secrets.add(secret);
  }

  keep(value: string): void {
    this.#kept.add(value);
  }

  show(value: string): void {
    this.#shown.add(value);
  }

  /** Takes note of all texts in something that has left. */
  saw(channel: string, thing: unknown): void {
    for (const text of textsIn(thing)) if (!this.#channels.has(text)) this.#channels.set(text, channel);
  }

  /** The leaks in what was seen since the last look. */
  look(): readonly Leak[] {
    const seen = [...this.#channels];
    this.#channels.clear();
    return [
      ...leaksOf(this.#secrets, seen),
      ...leaksOf(
        this.#kept,
        seen.map(([text, channel]) => [this.#withoutShown(text), channel]),
      ),
    ];
  }

  #withoutShown(text: string): string {
    return [...this.#shown].reduce(
      (rest, shown) => (shown.length < 4 ? rest : rest.replaceAll(shown, '\0')),
      text,
    );
  }

  forget(): void {
    for (const values of [this.#secrets, this.#kept, this.#shown, this.#channels]) values.clear();
  }
}

function leaksOf(
  secrets: ReadonlySet<string>,
  seen: readonly (readonly [string, string])[],
): readonly Leak[] {
  const channels = new Map(seen);
  return findLeaks(secrets, new Set(channels.keys())).map(({ form, run, text }) => ({
    form,
    run,
    channel: channels.get(text) ?? '',
  }));
}

/** The watch over all that the tests of one file do. */
export const leakWatch = new LeakWatch();

const MAX_DEPTH = 12;

/** All texts in a thing: of an error its message, its stack, its causes, and whatever else hangs on it. */
function* textsIn(thing: unknown, seen = new WeakSet(), depth = 0): Generator<string, void> {
  if (typeof thing === 'string') yield thing;
  if (typeof thing === 'symbol') yield String(thing.description);
  const isObject = (typeof thing === 'object' && thing !== null) || typeof thing === 'function';
  if (!isObject || seen.has(thing) || depth > MAX_DEPTH) return;
  seen.add(thing);
  if (ArrayBuffer.isView(thing)) {
    yield Buffer.from(thing.buffer, thing.byteOffset, thing.byteLength).toString();
    return;
  }
  if (thing instanceof Map || thing instanceof Set) yield* textsIn([...thing], seen, depth + 1);
  for (const key of Reflect.ownKeys(thing)) {
    yield* textsIn(key);
    yield* textsIn(memberOf(thing, key), seen, depth + 1);
  }
}

function memberOf(thing: object, key: string | symbol): unknown {
  try {
    return Reflect.get(thing, key);
  } catch (error) {
    return error;
  }
}
