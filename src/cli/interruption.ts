const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Notices Ctrl-C and its like, so that a command can end in order: nothing is left running or half done. */
export class Interruption {
  #exitCode: number | undefined;
  readonly #onInterrupt: () => void;
  readonly #onAgain: () => void;
  readonly #listeners = Object.entries(EXIT_CODES).map(
    ([signal, code]) => [signal, () => this.#interrupt(code)] as const,
  );

  /**
   * @param onInterrupt is called at the first signal
   * @param onAgain is called at every other
   */
  constructor(onInterrupt: () => void, onAgain: () => void = () => {}) {
    this.#onInterrupt = onInterrupt;
    this.#onAgain = onAgain;
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
    // Whoever reads our output has gone, or it cannot be written. Of stderr there is nobody left to tell.
    process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code !== 'EPIPE' && this.#exitCode === undefined)
        process.stderr.write(`quarterturn: stdout cannot be written: ${code}\n`);
      // Each line that cannot be written is an error of its own, and no second Ctrl-C.
      if (this.#exitCode === undefined) this.#interrupt(code === 'EPIPE' ? EXIT_CODES.SIGTERM : 1);
    });
    process.stderr.on('error', () => {});
  }

  /** The exit code, once there was a signal. */
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
