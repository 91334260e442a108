import { Redactor } from '../../redact/redactor.js';
import { line, say } from './screen.js';

/** Keeps everything that a command prints, to search it for the values that were read. Each command that reads values has one. */
export class Output {
  #printed = '';
  readonly #redactor = new Redactor();
  readonly #writes = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));

  /** Listens on stdout and stderr themselves: what a library prints is searched, too. */
  constructor() {
    for (const { stream, write } of this.#writes) {
      stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
        this.#printed += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
        return Reflect.apply(write, stream, [chunk, ...rest]);
      };
    }
  }

  line(text = ''): void {
    line(text);
  }

  /** Prints to stderr, for people: stdout may be read by machines. */
  say(text: string): void {
    say(text);
  }

  /**
   * Looks for the fields that rotate. A word of another field ("rotation") may be a word of ours, and proves nothing.
   *
   * @param rotates absent if unknown: then every field that is not shown counts
   */
  lookFor(
    fields: Readonly<Record<string, unknown>>,
    shows: readonly string[],
    rotates?: readonly string[],
  ): void {
    const telling = Object.entries(fields).filter(([field]) => rotates?.includes(field) ?? true);
    this.#redactor.hideFields(Object.fromEntries(telling), shows, rotates);
  }

  /**
   * Whether the output contains none of the values.
   *
   * @param next what will be printed next
   */
  isClean(next = ''): boolean {
    const text = this.#printed + next;
    return this.#redactor.texts([text], false, Number.POSITIVE_INFINITY)[0] === text;
  }

  end(): void {
    for (const { stream, write } of this.#writes) stream.write = write;
  }
}
