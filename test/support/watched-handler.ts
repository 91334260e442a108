import type { RotationHandlerOptions, Rotator, StepContext } from '../../src/index.js';
import { leakWatch } from './leak-watch.js';

type Json = Readonly<Record<string, unknown>>;
type Handlers = typeof import('../../src/engine/handler.js');

/**
 * Puts a watch around every handler that a test makes, whoever makes it. What it reads of its secret, what its rotator
 * makes, reads elsewhere or hides, must not be in what it throws, logs or returns.
 */
export function watchHandlers(): void {
  let rotationHandler: Handlers['rotationHandler'] | undefined;
  // Nothing is loaded for those tests that make no handler.
  jest.setMock('../../src/engine/handler', {
    get rotationHandler() {
      rotationHandler ??= watched(jest.requireActual<Handlers>('../../src/engine/handler').rotationHandler);
      return rotationHandler;
    },
  });
}

function watched(rotationHandler: Handlers['rotationHandler']): Handlers['rotationHandler'] {
  return (rotator, options = {}) => {
    const ids = new Set<unknown>();
    const { client, log } = options;
    const handler = rotationHandler(watchedRotator(rotator), {
      ...options,
      ...(client && { client: watchedClient(client, rotator, ids) }),
      ...(log && { log: (entry) => log(seen('the log', entry)) }),
    });
    return async (event, lambda) => {
      const { SecretId, ClientRequestToken, RotationToken } = membersOf(event);
      ids.add(SecretId);
      for (const id of [SecretId, ClientRequestToken]) if (typeof id === 'string') leakWatch.show(id);
      if (typeof RotationToken === 'string') leakWatch.hide(RotationToken);
      try {
        return seen('a result', await handler(event, lambda));
      } catch (error) {
        throw seen('an error', error);
      }
    };
  };
}

function seen<T>(channel: string, thing: T): T {
  leakWatch.saw(channel, thing);
  return thing;
}

/** Of what a test may have made of anything. */
function membersOf(thing: unknown): Json {
  try {
    return { ...Object(thing) };
  } catch {
    return {};
  }
}

type Client = NonNullable<RotationHandlerOptions['client']>;
type AnyRotator = Readonly<Record<'shows' | 'rotates', readonly string[]>>;

function watchedClient(client: Client, rotator: AnyRotator, ids: ReadonlySet<unknown>): Client {
  return {
    describeSecret: (...call) => client.describeSecret(...call),
    async getSecretValue(...call) {
      const answer = await client.getSecretValue(...call);
      hideStored(answer?.SecretString, ids.has(call[0].SecretId) ? rotator : undefined);
      return answer;
    },
    putSecretValue(...call) {
      hideStored(call[0].SecretString, rotator);
      return client.putSecretValue(...call);
    },
    updateSecretVersionStage: (...call) => client.updateSecretVersionStage(...call),
    ...(client.listSecretVersionIds && {
      listSecretVersionIds: (...call) => client.listSecretVersionIds?.(...call) ?? Promise.resolve({}),
    }),
  };
}

/** @param rotator absent if it is another secret, of which the rotator says what it shows when it reads it */
function hideStored(text: unknown, rotator: AnyRotator | undefined): void {
  if (typeof text !== 'string') return;
  const json = parsed(text);
  if (typeof json !== 'object' || json === null) leakWatch.hide(...literalsIn(text));
  else if (rotator) hideFields(membersOf(json), rotator.shows, rotator.rotates);
}

/** What AWS keeps in a secret beside the credential. */
const SHOWN_BY_AWS =
  /^(?:engine|host|port|dbname|username|masterarn|user_arn|db(?:Instance|Cluster)Identifier)$/;

function hideFields(
  json: Json,
  shows: readonly string[],
  rotates: readonly string[] = Object.keys(json).filter((field) => !SHOWN_BY_AWS.test(field)),
): void {
  for (const [field, value] of Object.entries(json)) {
    for (const text of stringsOf(value)) {
      if (shows.includes(field) || (SHOWN_BY_AWS.test(field) && !rotates.includes(field)))
        leakWatch.show(text);
      else if (rotates.includes(field)) leakWatch.hide(text);
      else leakWatch.keep(text);
    }
  }
}

/** The strings of a JSON value, however deep, without the names of members. */
function stringsOf(json: unknown): readonly string[] {
  const strings: string[] = [];
  const open = [json];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') strings.push(next);
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) open.push(inner);
  }
  return strings;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The values in a text that is no JSON, but may have been meant to be; all of it, if it has no value. */
function literalsIn(text: string): readonly string[] {
  const literals = [...text.matchAll(/"((?:[^"\\]|\\.)*)"(?!\s*:)/g)].map(([, literal = '']) => literal);
  return literals.length > 0 ? literals : [text];
}

function watchedRotator<Secret extends object, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
): Rotator<Secret, Field> {
  const contexts = new WeakMap<object, unknown>();
  return new Proxy(rotator, {
    get(target, member) {
      const method: unknown = Reflect.get(target, member);
      if (typeof method !== 'function') return method;
      return (...args: readonly unknown[]) => {
        // With the function's own client, this is where its secret is seen.
        if (member === 'parse') hideFields(membersOf(args[0]), target.shows, target.rotates);
        const given = args.map((arg) => (isContext(arg) ? watchedContext(arg, contexts) : arg));
        const result: unknown = Reflect.apply(method, target, given);
        if (member === 'createSecret') hideMade(result, target.shows);
        return result;
      };
    },
  });
}

/** A value that was made is a secret even if it is never stored. */
function hideMade(result: unknown, shows: readonly string[]): void {
  const hide = (made: unknown) => hideFields(membersOf(made), shows, Object.keys(membersOf(made)));
  if (result instanceof Promise) result.then(hide, () => {});
  else hide(result);
}

function isContext(arg: unknown): arg is StepContext {
  return typeof arg === 'object' && arg !== null && 'readSecret' in arg && 'hide' in arg;
}

function watchedContext(context: StepContext, known: WeakMap<object, unknown>): unknown {
  const members: Partial<StepContext> = {
    async readSecret(id, shows = []) {
      const json = await context.readSecret(id, shows);
      hideFields(json, shows);
      return json;
    },
    hide(secret) {
      leakWatch.hide(String(secret));
      context.hide(secret);
    },
  };
  const get = (target: StepContext, member: string | symbol): unknown =>
    Reflect.get(Object.hasOwn(members, member) ? members : target, member);
  if (!known.has(context)) known.set(context, new Proxy(context, { get }));
  return known.get(context);
}
