import { clearScreenDown, cursorTo } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRotationError } from '../../errors.js';
import { byUrgency, type Timeline } from '../../operate/timeline.js';
import { sameAgain } from '../aws/connection.js';
import { reportFailure } from '../failure.js';
import { Interruption } from '../interruption.js';
import { jsonLine, line, printable, say, sayHint, widthOf } from '../terminal/screen.js';
import { dateInWords } from '../terminal/time.js';
import type { StatusInput } from './declaration.js';
import { type Look, Lookout } from './look.js';
import { readOptions, type StatusOptions } from './options.js';
import { countsOf, manyText, timelineText } from './text.js';

/** Runs `quarterturn status`; resolves to the exit code. */
export async function status(input: StatusInput): Promise<number> {
  const options = await readOptions(input);
  const lookout = new Lookout(options);
  return options.isWatch ? watch(lookout, options) : show(await lookout.look(), options);
}

const EVERY_MS = 5000;

/** Looks again and again. A look that fails is shown, and does not end it. */
async function watch(lookout: Lookout, options: StatusOptions): Promise<number> {
  const stop = new AbortController();
  const interruption = new Interruption(
    () => stop.abort(),
    () => process.exit(interruption.exitCode),
  );
  try {
    while (interruption.exitCode === undefined) {
      const look = await lookout.look().catch((error: unknown) => {
        if (!isRotationError(error)) throw error;
        return error;
      });
      if (interruption.exitCode !== undefined) break;
      cursorTo(process.stdout, 0, 0);
      clearScreenDown(process.stdout);
      line(`${dateInWords(new Date())}, every ${EVERY_MS / 1000} s; Ctrl-C ends it`);
      if (isRotationError(look)) reportFailure(look);
      else show(look, options);
      await sleep(EVERY_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
    return interruption.exitCode ?? 0;
  } finally {
    interruption.end();
  }
}

/** Prints what was found; returns the exit code. */
function show({ timelines: found, unseen }: Look, options: StatusOptions): number {
  const timelines = found.toSorted(byUrgency);
  if (options.isJson) printJson({ timelines, unseen }, options);
  else printText(timelines, options);
  for (const { error } of unseen) say(printable(error.message));
  for (const hint of new Set(unseen.map(({ error }) => error.hint))) if (hint) sayHint(hint);
  if (unseen.length > 0) return 1;
  // No secret at all is not ok: a monitor with a mistyped tag would never report anything.
  return options.isCheck && (timelines.length === 0 || timelines.some(({ isHealthy }) => !isHealthy)) ? 1 : 0;
}

function printText(timelines: readonly Timeline[], options: StatusOptions): void {
  const { isWide, showsAll, secrets, tags, connection } = options;
  const { region = connection.region } = secrets?.[0] ?? {};
  const room = { width: widthOf(), isWide, now: new Date(), again: sameAgain({ ...connection, region }) };
  const [first] = timelines;
  if (!first) {
    if (secrets === undefined) say(`this Region has no secret${tags.length > 0 ? ' with these tags' : ''}`);
    return;
  }
  const isOne = secrets?.length === 1;
  const lines = isOne
    ? timelineText(first, room)
    : manyText(timelines, showsAll || secrets !== undefined, room);
  for (const text of lines) line(text);
}

/** Prints one document for one secret; for several, an object for each and one for the end. */
function printJson({ timelines, unseen }: Look, { secrets }: StatusOptions): void {
  const isOne = secrets?.length === 1;
  for (const timeline of timelines) jsonLine(isOne ? timeline : { type: 'secret', ...timeline });
  for (const { secretId, error } of unseen) {
    jsonLine({ type: 'error', secretId, code: error.code, message: error.message, hint: error.hint });
  }
  if (!isOne) {
    jsonLine({ type: 'end', secrets: timelines.length, unseen: unseen.length, states: countsOf(timelines) });
  }
}
