// The process that `warm.mjs` measures: a bundle and the client in it, as in a warm Lambda, and nothing else.
const { handler } = await import(process.argv[2]);

process.on('message', async (event) => {
  if (event === 'memory') {
    globalThis.gc();
    // What a WeakRef has led to in this turn is let go of in the next.
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
    const { heapUsed, rss } = process.memoryUsage();
    process.send({ heapUsed, rss });
    return;
  }
  const deadline = Date.now() + 30_000;
  await handler(event, { getRemainingTimeInMillis: () => deadline - Date.now() }).then(
    () => process.send({}),
    ({ message }) => process.send({ error: message }),
  );
});
