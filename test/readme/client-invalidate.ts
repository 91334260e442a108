import type { RotatingSecret } from '../../src/client/index.js';

/** For the body of an SQS message: the event "Secret Label Updated" of AWSCURRENT. */
export function labelUpdated(body: string, secrets: readonly RotatingSecret<unknown>[]): void {
  const { detail } = JSON.parse(body);
  for (const secret of secrets)
    if ([detail.name].flat().includes(secret.id)) secret.invalidate(detail.versionId);
}
