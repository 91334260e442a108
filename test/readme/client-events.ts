import { onClientEvent } from '../../src/client/index.js';

/** Counts what happens, by type; alarm on `gave-up`, `stale-used`, `access-denied` and `pending-orphaned`. */
export const count = (add: (type: string, secretId: string) => void): (() => void) =>
  onClientEvent(({ type, secretId }) => add(type, secretId));
