import type { RotatingSecret } from '../../src/client/index.js';

/** Handles the body of an SQS message with the event "Secret Label Updated". */
export function labelUpdated(body: string, secrets: readonly RotatingSecret<unknown>[]): void {
  const { detail } = JSON.parse(body);
  const names: string[] = [detail.name].flat();
  for (const secret of secrets) {
    const isMeant = names.some((name) => secret.id === name || secret.id.includes(`:secret:${name}`));
    if (isMeant) secret.invalidate(detail.versionId);
  }
}
