// What rotations ask of Secrets Manager, and how long they take when each of its answers takes its time.
import { setTimeout as sleep } from 'node:timers/promises';
import { rotationHandler } from 'quarterturn';
import { LocalSecretsManager } from 'quarterturn/testing';
import { startCases } from './cases.mjs';
import { median } from './text.mjs';

/** Milliseconds that are added to each call. */
export const DELAYS = [5, 20, 50];
/** Long beside what a step does between two calls, so that calls overlap if nothing makes one wait for the other. */
const COUNTED_AT = 20;

/** For each rotator the calls and round trips of a rotation, and for some the median time with each delay. */
export async function measureRotations({ rotations, signal }) {
  const { cases, stop } = await startCases();
  try {
    const results = [];
    for (const each of cases) {
      const measured = {};
      for (const delay of each.isTimed ? DELAYS : [COUNTED_AT]) {
        measured[delay] = await rotateOften(each, { delay, rotations, signal });
      }
      const counted = measured[COUNTED_AT];
      results.push({
        name: each.name,
        isPassword: each.isPassword,
        // The most of any: they are not all alike, and the first has no AWSPREVIOUS.
        calls: Math.max(...counted.map(({ calls }) => calls)),
        writes: Math.max(...counted.map(({ writes }) => writes)),
        roundTrips: Math.max(...counted.map(({ roundTrips }) => roundTrips)),
        ...(each.isTimed && { ms: DELAYS.map((delay) => median(measured[delay].map(({ ms }) => ms))) }),
      });
    }
    return results;
  } finally {
    await stop();
  }
}

async function rotateOften({ rotator, secret, others = {} }, { delay, rotations, signal }) {
  const secrets = new LocalSecretsManager();
  const meter = new Meter(secrets, delay);
  const RotationLambdaARN = secrets.addFunction(
    'rotate',
    rotationHandler(rotator, { client: meter.client, log: () => {} }),
  );
  for (const [Name, value] of Object.entries(others)) {
    await secrets.createSecret({ Name, SecretString: JSON.stringify(value) });
  }
  await secrets.createSecret({ Name: 'app', SecretString: JSON.stringify(secret.value) });
  const results = [];
  for (let n = 0; n < rotations; n++) {
    signal.throwIfAborted();
    await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN });
    meter.reset();
    const start = performance.now();
    const { outcome, steps } = await secrets.rotation('app').run();
    const ms = performance.now() - start;
    if (outcome !== 'succeeded') throw steps.at(-1)?.error ?? new Error(outcome);
    results.push({ ms, calls: meter.calls, writes: meter.writes, roundTrips: meter.roundTrips });
  }
  const { SecretString } = await secrets.getSecretValue({ SecretId: 'app' });
  // The next measurement begins with what the service accepts now.
  secret.value = JSON.parse(SecretString);
  return results;
}

/** A client that takes longer than the one behind it, and counts. */
class Meter {
  /** What the function gets. Whoever calls RotateSecret has the client behind it: that is not counted. */
  client;
  calls;
  writes;
  roundTrips;

  constructor(secrets, delay) {
    this.reset();
    this.client = new Proxy(secrets, {
      get:
        (_, operation) =>
        async (...args) => {
          this.calls += 1;
          if (!/^(?:get|describe)/.test(operation)) this.writes += 1;
          // It may have waited for all that have ended, and for none of those that are under way.
          const roundTrip = this.roundTrips + 1;
          await sleep(delay);
          try {
            return await secrets[operation](...args);
          } finally {
            this.roundTrips = Math.max(this.roundTrips, roundTrip);
          }
        },
    });
  }

  reset() {
    this.calls = 0;
    this.writes = 0;
    /** The length of the longest chain of calls that has ended, each begun after the one before had ended. */
    this.roundTrips = 0;
  }
}
