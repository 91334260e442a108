import { inspect } from 'node:util';
import type { Awaitable, Rotator, StepContext } from '../rotator.js';

/** What the contract sees of a rotator's methods from outside. */
export class Watch {
  /** The arguments that they changed, although they may only read them. */
  readonly changed: string[] = [];
  /** Those that have begun and not ended. */
  readonly running = new Set<string>();
  /** How often they called `context.confirm()`. */
  confirmed = 0;

  async during<T>(method: string, given: Readonly<Record<string, unknown>>, work: () => Awaitable<T>) {
    const before = Object.entries(given).map(([name, value]) => ({ name, value, text: wholeOf(value) }));
    this.running.add(method);
    try {
      return await work();
    } finally {
      this.running.delete(method);
      for (const { name, value, text } of before) {
        if (wholeOf(value) !== text) this.changed.push(`"${name}" in ${method}`);
      }
    }
  }
}

/** The same rotator, watched. */
export function watched<Secret extends object, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
  watch: Watch,
): Rotator<Secret, Field> {
  const { name, rotates, shows, ownWords, rejectionHint, text } = rotator;
  return {
    name,
    rotates,
    shows,
    ...(ownWords !== undefined && { ownWords }),
    ...(rejectionHint !== undefined && { rejectionHint }),
    ...(text !== undefined && { text }),
    parse: (json) => rotator.parse(json),
    createSecret: (current, context) =>
      watch.during('createSecret', { current }, () => rotator.createSecret(current, counted(context, watch))),
    setSecret: (versions, context) =>
      watch.during('setSecret', pairOf(versions), () => rotator.setSecret(versions, counted(context, watch))),
    testSecret: (pending, context) =>
      watch.during('testSecret', { pending }, () => rotator.testSecret(pending, context)),
    ...(rotator.finishSecret && {
      finishSecret: (versions, context) =>
        watch.during('finishSecret', pairOf(versions), () =>
          rotator.finishSecret?.(versions, counted(context, watch)),
        ),
    }),
    ...(rotator.discardSecret && {
      discardSecret: (made, current, context) =>
        watch.during('discardSecret', { made, current }, () =>
          rotator.discardSecret?.(made, current, context),
        ),
    }),
  };
}

function counted<Context extends StepContext>(context: Context, watch: Watch): Context {
  // A copy would freeze `leftMs`.
  return Object.create(context, {
    confirm: {
      value: async () => {
        watch.confirmed += 1;
        return context.confirm();
      },
    },
  });
}

function pairOf({ pending, current }: { readonly pending: unknown; readonly current: unknown }) {
  return { pending, current };
}

function wholeOf(value: unknown): string {
  return inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null });
}
