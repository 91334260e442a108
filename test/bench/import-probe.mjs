// Run by `imports.mjs`, once for each import: says how long it took, and the most memory that the process has had.
const start = performance.now();
const { handler } = await import(process.argv[2]);
const ms = performance.now() - start;
const { maxRSS } = process.resourceUsage();
process.stdout.write(JSON.stringify({ ms, peakKib: maxRSS, hasHandler: typeof handler === 'function' }));
