import { setTimeout as sleep } from 'node:timers/promises';
import { type ListedKey, RotationError, type StepContext, type Verdict } from '../../src/index.js';
import { administrator } from './administrator.js';
import { allKeys } from './answers/keys.js';
import { endAt, timeAt, ZONELESS, zoneless } from './answers/times.js';
import { type CompiledSpec, isByAdmin } from './compile.js';
import type { Values } from './placeholders.js';
import { type Answer, arrayAt, type ExpectedPlace, holds, idAt, isSuccess, keyAt } from './pointers.js';
import { idFieldOf } from './secret.js';
import { type CompiledRequest, type PreparedRequest, type Reply, send } from './send.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

/** What `issuedKey` asks of a provider. */
export interface Provider {
  issue(name: string, current: ApiKeySecret, context: StepContext): Promise<ApiKeySecret>;
  list(secret: ApiKeySecret, context: StepContext): Promise<readonly ListedKey[]>;
  revoke(id: string, secret: ApiKeySecret, context: StepContext): Promise<void>;
  probe(secret: ApiKeySecret, context: StepContext): Promise<Verdict>;
}

/** What a request is filled with, and the step that it is made in. */
interface Call extends Values {
  readonly context: StepContext;
}

const DAY_MS = 86_400_000;

/** How long a list may show a key that was ended, where no propagation is declared. */
const LEAST_PATIENCE_MS = 2000;
const FIRST_DELAY_MS = 100;

/** The provider that a spec describes. */
export function providerOf(
  spec: ApiKeySpec,
  { create, check, list, revokes, ...named }: CompiledSpec,
): Provider {
  const { ca, ends = 'at-once', propagationMs = 0 } = spec;
  /** Whether a key that was ended is still listed, as the spec says, so that the list tells nothing. */
  const endsLate = ends === 'late' || ends === 'at-expiry';
  const adminOf = administrator(spec, named);
  const idField = idFieldOf(spec);
  const warned = new WeakMap<StepContext, Set<string>>();
  return { issue, list: listAll, revoke: end, probe };

  async function issue(name: string, secret: ApiKeySecret, context: StepContext): Promise<ApiKeySecret> {
    const inUse = create.current && (await ask('read the key in use', create.current, { secret, context }));
    const current = inUse && keyIn(inUse, create.item, secret[idField]);
    // Left out, the next key might be able to do more than this one.
    const nothing = create.taken.find(({ find, isOptional, isOwned }) =>
      isOptional ? !isOwned(current) : find(current) === undefined,
    );
    if (inUse && nothing !== undefined) throw inUse.failure(`with nothing at ${nothing.pointer}`);
    const expiry = new Date(Date.now() + create.expiresInDays * DAY_MS).toISOString().slice(0, 10);
    const lifetime = inUse && secondsOf(create.lifetime, inUse, current);
    const values = {
      ...{ secret, context, current, 'key.name': name, 'expiry.date': expiry },
      ...{
        'current.lifetime': lifetime?.toString(),
        'current.expiry': lifetime === undefined ? undefined : timeIn(lifetime),
      },
    };
    const reply = await replyTo('create a key', create.request, values);
    assertRoom(reply, create.full);
    const answer = answerIn(reply);
    const key = keyAt(create.key, answer);
    context.hide(key);
    const id = idAt(create.id, answer);
    return typeof spec.id === 'string' ? { [spec.key]: key, [spec.id]: id } : { [spec.key]: key };
  }

  async function listAll(secret: ApiKeySecret, context: StepContext): Promise<readonly ListedKey[]> {
    const first = await prepared(list.request, { secret, context });
    const said = warned.get(context) ?? new Set();
    warned.set(context, said);
    const warn = (message: string) => {
      if (!said.has(message)) context.warn(message);
      said.add(message);
    };
    const { maxBytes } = list.places;
    return allKeys(
      list.places,
      first.url,
      async (url) => answerIn(await send('list the keys', { ...first, url }, { ca, context, maxBytes })),
      warn,
    );
  }

  async function probe(secret: ApiKeySecret, context: StepContext): Promise<Verdict> {
    const { response, answer } = await replyTo('check the key', check.request, { secret, context });
    if (check.isDead(response)) return 'rejected';
    if (!check.isLive(response)) throw response.failure();
    const found = answer();
    if (!holds(check.expect, found)) return 'rejected';
    if (check.id === undefined || idAt(check.id, found) === secret[idField]) return 'accepted';
    throw new RotationError('ERR_SECRET_MALFORMED', `"${idField}" is the id of another key`, {
      hint: 'store the id that belongs to the key, with PutSecretValue: the key of that id would be ended one day',
    });
  }

  async function end(id: string, secret: ApiKeySecret, context: StepContext): Promise<void> {
    for (const [index, { request, isGone: isDeclaredGone, expect }] of revokes.entries()) {
      const { response, answer } = await replyTo('end a key', request, { secret, context, 'key.id': id });
      const { status } = response;
      const isLast = index === revokes.length - 1;
      const isMute = isSuccess(response) && status !== 204 && response.text() === '';
      if (isSuccess(response) && !isMute) {
        if (!holds(expect, answer())) throw answer().failure('and did not end it');
        continue;
      }
      const isTaken = isMute || isDeclaredGone(response);
      if (!isTaken && !(isLast ? MAY_BE_GONE : MAY_BE_DONE).includes(status)) throw response.failure();
      if (!isLast || (isTaken && endsLate)) continue;
      if (!(await isGone(id, secret, context))) throw response.failure();
    }
  }

  /** Only a list that shows what lives tells what does not. */
  async function isGone(id: string, secret: ApiKeySecret, context: StepContext): Promise<boolean> {
    let patience = Math.min(Math.max(propagationMs, LEAST_PATIENCE_MS), context.leftMs / 4);
    for (let delay = FIRST_DELAY_MS; ; delay *= 2) {
      const ids = (await listAll(secret, context)).map((key) => key.id);
      const isShown = ids.includes(id);
      if (!isShown || patience <= 0) {
        return !isShown && (id === secret[idField] || ids.includes(secret[idField] ?? ''));
      }
      // A list may be late.
      await sleep(Math.min(delay, patience), undefined, { signal: context.signal });
      patience -= delay;
    }
  }

  async function ask(doing: string, request: CompiledRequest, call: Call): Promise<Answer> {
    return answerIn(await replyTo(doing, request, call));
  }

  async function replyTo(doing: string, request: CompiledRequest, call: Call): Promise<Reply> {
    return send(doing, await prepared(request, call), { ca, context: call.context });
  }

  async function prepared(request: CompiledRequest, call: Call): Promise<PreparedRequest> {
    const admin = isByAdmin(request) ? await adminOf(call.secret, call.context) : undefined;
    return request.prepare({ ...call, admin });
  }
}

/**
 * How a provider may refuse to end what has ended already: then the list tells, as it does after 200 and no more. Not 409
 * and 422, unless a spec says so: with them it refuses what lives.
 */
const MAY_BE_GONE = [400, 410];

/** How it may refuse what comes before the last request, and is done already: the last decides. */
const MAY_BE_DONE = [...MAY_BE_GONE, 409, 422];

function answerIn({ response, answer }: Reply): Answer {
  if (isSuccess(response)) return answer();
  throw response.failure();
}

/** What an answer says of the key in use: all of it, or one item of its list. */
function keyIn(answer: Answer, item: CompiledSpec['create']['item'], id: string | undefined): unknown {
  if (item === undefined) return answer.json;
  const found = arrayAt(item.items, answer).find((part) => idAt(item.id, answer, part) === id);
  // Left out, the next key might be able to do more than this one.
  if (found === undefined) throw answer.failure('without the key in use');
  return found;
}

/** @throws RotationError if the end of the key in use is not a time: the next key must not live longer */
function secondsOf(
  lifetime: CompiledSpec['create']['lifetime'],
  answer: Answer,
  current: unknown,
): number | undefined {
  if (!lifetime) return undefined;
  // Asked for even of a key without an end: what does not tell the one may leave out the other, too.
  const start = timeAt(lifetime.start, answer, current);
  const end = endAt(lifetime.end, current);
  if (end === ZONELESS) throw zoneless(lifetime.end, answer);
  if (!end) return undefined;
  const seconds = Math.floor((end.getTime() - start.getTime()) / 1000);
  if (seconds > 0) return seconds;
  throw answer.failure(`with no end of the key in use at ${lifetime.end.pointer}`);
}

/** A year has four digits (RFC 3339), and the last is how many say “never”. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

/** When so many seconds are over. Whole ones: not every provider reads parts of them. */
function timeIn(seconds: number): string {
  return new Date(Math.min(Date.now() + seconds * 1000, LAST_TIME)).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What a provider says that has as many keys as it allows. */
const LIMIT = /\blimit|maxim|\bmax\b|quota|too many|exceed|\bfull\b/i;
/** What throttles say alone, and what is said of other limits than of a number of keys: of 402 neither is. */
const RATE = /\brate|request|second|minute|\bretry/i;
const OTHER =
  /length|character|\bbyte|\bsize|payload|\blong|\blarge|lifetime|expir|\bttl\b|\bdays?\b|\bscopes\b/i;

const REFUSES_THE_KEY =
  'the provider refuses to make this key. It may have reached a limit, or allow only a shorter lifetime, another name or fewer ' +
  'rights; after 404, what the key is for may be gone. Its audit log or its documentation says which. AWSCURRENT is as it was';

/**
 * Tells that there is no room for another key from whatever else keeps one from being made.
 *
 * @throws RotationError `ERR_SERVICE_FULL`, which quotes nothing of the answer
 */
function assertRoom({ response }: Reply, full: readonly ExpectedPlace[]): void {
  const { status } = response;
  if (status < 400 || status >= 500 || status === 401 || status === 429) return;
  const failure = response.failure();
  const json = jsonOf(response);
  const isFull =
    full.length > 0
      ? full.every(({ find, expected }) => find(json) === expected)
      : json !== undefined && speaksOfKeys(response);
  if (!isFull && status === 403) return;
  if (!isFull) throw new RotationError('ERR_SERVICE_FAILED', failure.message, { hint: REFUSES_THE_KEY });
  throw new RotationError(
    'ERR_SERVICE_FULL',
    `${failure.message}: there seems to be no room for another key`,
    {
      hint:
        'end a key that nobody uses, or raise the limit; `maxKeys` or `create.full` in the spec lets AWSPREVIOUS’s make room, ' +
        'if the limit is of keys of this kind',
    },
  );
}

function speaksOfKeys(response: Reply['response']): boolean {
  const text = response.text();
  return LIMIT.test(text) && (response.status === 402 || !(RATE.test(text) || OTHER.test(text)));
}

function jsonOf(response: Reply['response']): unknown {
  try {
    return response.json();
  } catch {
    return undefined; // A page of something else, which says nothing of keys.
  }
}
