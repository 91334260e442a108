import { onClientEvent } from '../../src/client/index.js';

/** Calls `alarm` at each read that finds AWSCURRENT unmoved, `limitMs` or longer after `pending-used`. */
export function watchRotations(alarm: (secretId: string) => void, limitMs = 600_000): () => void {
  const usedAt = new Map<string, number>();
  return onClientEvent((event) => {
    const { secretId } = event;
    if (event.type === 'pending-used' && !usedAt.has(secretId)) usedAt.set(secretId, Date.now());
    if (event.type !== 'read' || event.stage !== 'AWSCURRENT') return;
    if (event.isChange) usedAt.delete(secretId);
    else if (Date.now() - (usedAt.get(secretId) ?? Number.POSITIVE_INFINITY) >= limitMs) alarm(secretId);
  });
}
