import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Awaitable } from '../rotator.js';

/** Waits until clients that keep connections have noticed which are broken: two turns of the event loop, however late. */
export async function aMoment(): Promise<void> {
  await sleep(5);
  await turn();
  await turn();
}

/** Whether something becomes true within a second and a half, or later where this process gets no time. */
export async function comesTrue(isTrue: () => Awaitable<boolean>): Promise<boolean> {
  for (let turns = 150; turns > 0; turns--) {
    if (await isTrue()) return true;
    await sleep(10);
  }
  return isTrue();
}
