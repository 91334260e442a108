import type { SecretsManagerApi } from '../../src/index.js';
import type { LocalSecretsManager } from '../../src/testing/index.js';

/** Counts calls, and a round trip whenever one is sent while none is under way. */
export function meter() {
  const counted = { calls: 0, writes: 0, roundTrips: 0 };
  let inFlight = 0;
  const metered =
    <In, Out>(work: (input: In) => Promise<Out>, isWrite = false) =>
    async (input: In): Promise<Out> => {
      counted.calls += 1;
      if (isWrite) counted.writes += 1;
      if (inFlight++ === 0) counted.roundTrips += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      inFlight -= 1;
      return work(input);
    };
  const client = (secrets: LocalSecretsManager): SecretsManagerApi => ({
    describeSecret: metered((input) => secrets.describeSecret(input)),
    getSecretValue: metered((input) => secrets.getSecretValue(input)),
    putSecretValue: metered((input) => secrets.putSecretValue(input), true),
    updateSecretVersionStage: metered((input) => secrets.updateSecretVersionStage(input), true),
    listSecretVersionIds: metered((input) => secrets.listSecretVersionIds(input)),
  });
  return { counted, client };
}
