/** Everything that a command prints, kept until its end, so that it can be searched for what must not be in it. */
export class Output {
  #printed = '';
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
    process.stdout.write(`${text}\n`);
  }

  /** To stderr: for people, beside what machines read. */
  say(text: string): void {
    process.stderr.write(`quarterturn: ${text}\n`);
  }

  get printed(): string {
    return this.#printed;
  }

  end(): void {
    for (const { stream, write } of this.#writes) stream.write = write;
  }
}
