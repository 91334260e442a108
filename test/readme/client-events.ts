import { onClientEvent } from '../../src/client/index.js';

/** Counts events by type. Alarm on `gave-up`, `stale-used`, `access-denied` and `pending-orphaned`. */
export const count = (add: (type: string, secretId: string) => void): (() => void) =>
  onClientEvent(({ type, secretId }) => add(type, secretId));
