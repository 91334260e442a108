const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Catches Ctrl-C and similar signals, so that a command ends in order and leaves nothing running or half done. */
export class Interruption {
  #exitCode: number | undefined;
  readonly #onInterrupt: () => void;
  readonly #onAgain: () => void;
  readonly #listeners = Object.entries(EXIT_CODES).map(
    ([signal, code]) => [signal, () => this.#interrupt(code)] as const,
  );

  /**
   * @param onInterrupt called at the first signal
   * @param onAgain called at every later signal
   */
  constructor(onInterrupt: () => void, onAgain: () => void = () => {}) {
    this.#onInterrupt = onInterrupt;
    this.#onAgain = onAgain;
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
    // The reader of our output is gone, or writing fails. A failing stderr leaves nobody to tell.
    process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code !== 'EPIPE' && this.#exitCode === undefined)
        process.stderr.write(`quarterturn: cannot write to stdout: ${code}\n`);
      // Each further line fails, too; that is no second Ctrl-C.
      if (this.#exitCode === undefined) this.#interrupt(code === 'EPIPE' ? EXIT_CODES.SIGTERM : 1);
    });
    process.stderr.on('error', () => {});
  }

  /** The exit code, after a signal; undefined before. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  end(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #interrupt(code: number): void {
    const isFirst = this.#exitCode === undefined;
    this.#exitCode ??= code;
    if (isFirst) this.#onInterrupt();
    else this.#onAgain();
  }
}
