import { clearLine, cursorTo } from 'node:readline';
import { widthOf } from './screen.js';
import { ageInWords } from './time.js';

/** A line on stderr that says what is under way, and for how long. Only on a terminal; it disappears in the end. */
export class Progress {
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(what: string, isWanted: boolean) {
    if (!isWanted || !process.stderr.isTTY || process.env.TERM === 'dumb') return;
    const begun = Date.now();
    const show = () => {
      this.#clear();
      process.stderr.write(
        `${what}, ${ageInWords(Date.now() - begun)}`.slice(0, widthOf(process.stderr) - 1),
      );
    };
    show();
    this.#timer = setInterval(show, 1000);
    this.#timer.unref();
  }

  end(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    clearLine(process.stderr, 0);
    cursorTo(process.stderr, 0);
  }
}
