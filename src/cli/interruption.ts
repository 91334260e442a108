const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Notices Ctrl-C and its like, so that a command can end in order: nothing is left running or half done. */
export class Interruption {
  #exitCode: number | undefined;
  readonly #onInterrupt: () => void;
  readonly #listeners = Object.entries(EXIT_CODES).map(
    ([signal, code]) => [signal, () => this.#interrupt(code)] as const,
  );

  /** @param onInterrupt is called at the first signal */
  constructor(onInterrupt: () => void) {
    this.#onInterrupt = onInterrupt;
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
    // Whoever reads our output has gone. Of stderr there is nobody left to tell.
    process.stdout.on('error', () => this.#interrupt(EXIT_CODES.SIGTERM));
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
    if (this.#exitCode !== undefined) return;
    this.#exitCode = code;
    this.#onInterrupt();
  }
}
