import { Redactor } from '../../redact/redactor.js';
import { line, say } from './screen.js';

/**
 * Everything that a command prints, kept until its end, so that it can be searched for what must not be in it. Commands
 * that read values have one, and have it look for each value that was read.
 */
export class Output {
  #printed = '';
  readonly #redactor = new Redactor();
  readonly #writes = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));

  /** Listens on stdout and stderr themselves: a library that prints is heard too. */
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

  /** To stderr: for people, beside what machines read. */
  say(text: string): void {
    say(text);
  }

  /**
   * Looks for the fields of a value that rotate. Words of a field that stays ("rotation") stand in our own words too, and
   * prove nothing.
   */
  lookFor(
    fields: Readonly<Record<string, unknown>>,
    shows: readonly string[],
    rotates: readonly string[],
  ): void {
    const telling = Object.entries(fields).filter(([field]) => rotates.includes(field));
    this.#redactor.hideFields(Object.fromEntries(telling), shows, rotates);
  }

  /**
   * Whether none of the values was printed.
   *
   * @param next what is about to be printed
   */
  isClean(next = ''): boolean {
    const text = this.#printed + next;
    return this.#redactor.texts([text], false, Number.POSITIVE_INFINITY)[0] === text;
  }

  end(): void {
    for (const { stream, write } of this.#writes) stream.write = write;
  }
}
