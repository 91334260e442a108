/** The local Secrets Manager's clock: the machine's, or one that stands still until it is set. */
export class Clock {
  #offsetMs = 0;
  #standsAt: Date | undefined;

  constructor(standsAt: Date | undefined) {
    this.#standsAt = standsAt;
  }

  now(): Date {
    return this.#standsAt ? new Date(this.#standsAt) : new Date(Date.now() + this.#offsetMs);
  }

  /** Sets the time. It never goes back. */
  advanceTo(date: Date): void {
    if (date < this.now()) return;
    if (this.#standsAt) this.#standsAt = new Date(date);
    else this.#offsetMs = date.getTime() - Date.now();
  }
}
