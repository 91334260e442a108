/**
 * The context of a Lambda that is given some time, and whether Lambda has ended it. That is a timer as the step's own are:
 * in a process that is held up they still fire in their order, and so a test does not depend on how fast the machine is.
 */
export async function lambdaFor(milliseconds: number) {
  // Timers count from the beginning of the turn in which they are set.
  await new Promise((resolve) => setImmediate(resolve));
  const endsAt = performance.now() + milliseconds;
  const lambda = { hasEnded: false };
  setTimeout(
    () => {
      lambda.hasEnded = true;
    },
    Math.min(milliseconds, 2 ** 31 - 1),
  ).unref();
  return { lambda, context: { getRemainingTimeInMillis: () => endsAt - performance.now() } };
}
