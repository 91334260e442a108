/** A place at which the first that comes is held until it is let go. */
export class Gate {
  readonly #opened: Promise<void>;
  readonly reached: Promise<void>;
  #open = () => {};
  #reach = () => {};
  #isFirst = true;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  async pass(): Promise<void> {
    if (!this.#isFirst) return;
    this.#isFirst = false;
    this.#reach();
    await this.#opened;
  }

  open(): void {
    this.#open();
  }
}
