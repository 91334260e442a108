import { HELPERS } from './helpers.js';
import { search } from './search.js';

const kinds = { named: { hasNames: true, limit: Number.POSITIVE_INFINITY }, two: { hasNames: false, limit: 2 } };
for (const [k, kind] of Object.entries(kinds)) for (const d of [Number(process.argv[2] ?? 1)]) {
  const t = performance.now();
  const f = await search({ helper: HELPERS.right, kind, disturbances: d });
  console.log(k, d, f, performance.now() - t);
}
