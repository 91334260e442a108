import { fixed, grouped, median } from './text.mjs';

/** The build refuses a bundle that is larger: .build/report.mjs. */
const MOST_AT_INIT = 225_000;
const MOST_ZIPPED = 200_000;
const MOST_OF_NAIVE = 0.45;
const MOST_CALLS = 12;
const MOST_ROUND_TRIPS = 7;
/** Bytes of heap for each rotation: less than an ARN. */
const MOST_KEPT = 64;

/** Each budget, what it allows and what was measured. No time is judged, but in its ratio to another. */
export function budgetsOf({ imports, rotations, uncompiled }) {
  const bundles = imports.filter(({ name, zipBytes }) => zipBytes && !name.startsWith('naive'));
  const largest = (key) => Math.max(...bundles.map((bundle) => bundle[key]));
  const msOf = (name) => imports.find((module) => module.name === name).ms;
  const single = rotations.find(({ isPassword }) => isPassword);
  const ratio = msOf('postgres') / msOf('naive, all rotators');
  const bytes = (value) => `${grouped(value)} bytes`;
  return [
    budget('import of postgres, of the naive build', ratio, MOST_OF_NAIVE, (value) => fixed(value, 2)),
    budget('loaded at init, the largest bundle', largest('initBytes'), MOST_AT_INIT, bytes),
    budget('zip, the largest bundle', largest('zipBytes'), MOST_ZIPPED, bytes),
    budget('calls of a rotation, Postgres, single user', single.calls, MOST_CALLS, String),
    budget('round trips of a rotation, Postgres, single user', single.roundTrips, MOST_ROUND_TRIPS, String),
    budget('heap kept by each rotation of a warm function', keptBytes(uncompiled), MOST_KEPT, bytes),
  ];
}

/**
 * From each sample to the next, in the median: one that is high for once counts neither way, and what is kept by every
 * rotation is in all. Before the second sample, what is made once is made.
 */
function keptBytes({ samples: [, ...samples] }) {
  const growth = samples.slice(1).map(({ rotations, heapUsed }, n) => {
    const before = samples[n];
    return (heapUsed - before.heapUsed) / (rotations - before.rotations);
  });
  return Math.round(median(growth));
}

function budget(what, measured, most, inWords) {
  return { what, measured: inWords(measured), most: inWords(most), holds: measured <= most };
}
