import { setTimeout as sleep } from 'node:timers/promises';
import { type ListedKey, RotationError, type StepContext, type Verdict } from '../../src/index.js';
import { administrator } from './administrator.js';
import { allKeys } from './answers/keys.js';
import { endAt, timeAt, ZONELESS, zoneless } from './answers/times.js';
import { type CompiledSpec, isByAdmin } from './compile.js';
import { type Call, logIn } from './login.js';
import { type Answer, arrayAt, copyAt, holds, idAt, isSuccess, jsonOf, keyAt } from './pointers.js';
import { idFieldOf } from './secret.js';
import { answerIn, type CompiledRequest, type PreparedRequest, type Reply, send } from './send.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

/** The calls that `issuedKey` needs. */
export interface Provider {
  issue(name: string, current: ApiKeySecret, context: StepContext): Promise<ApiKeySecret>;
  list(secret: ApiKeySecret, context: StepContext): Promise<readonly ListedKey[]>;
  revoke(id: string, secret: ApiKeySecret, context: StepContext): Promise<void>;
  probe(secret: ApiKeySecret, context: StepContext): Promise<Verdict>;
}

const DAY_MS = 86_400_000;

/** How long a list may still show an ended key, if the spec has no `propagationMs`. */
const LEAST_PATIENCE_MS = 2000;
const FIRST_DELAY_MS = 100;

/** Returns the provider that a spec describes. */
export function providerOf(
  spec: ApiKeySpec,
  { login, adminLogin, create, check, list, revokes, ...named }: CompiledSpec,
): Provider {
  const { ca, ends = 'at-once', propagationMs = 0 } = spec;
  /** Whether the list may still show an ended key, as `ends` of the spec declares. Then the list proves nothing. */
  const endsLate = ends === 'late' || ends === 'at-expiry';
  const adminOf = administrator(spec, named);
  const idField = idFieldOf(spec);
  const warned = new WeakMap<StepContext, Set<string>>();
  return { issue, list: listAll, revoke: end, probe };

  async function issue(name: string, secret: ApiKeySecret, context: StepContext): Promise<ApiKeySecret> {
    const begun = callFor(secret, context);
    const inUse = create.current && answerIn(await replyTo('read the key in use', create.current, begun));
    const current = inUse && keyIn(inUse, create.item, secret[idField]);
    // Without these values, the next key might get more rights than this one.
    const nothing = create.taken.find(({ find, isOptional, isOwned }) =>
      isOptional ? !isOwned(current) : find(current) === undefined,
    );
    if (inUse && nothing !== undefined) throw inUse.failure(`with nothing at ${nothing.pointer}`);
    const expiry = new Date(Date.now() + create.expiresInDays * DAY_MS).toISOString().slice(0, 10);
    const lifetime = inUse && secondsOf(create.lifetime, inUse, current);
    const values = {
      ...{ ...begun, current, 'key.name': name, 'expiry.date': expiry },
      ...{
        'current.lifetime': lifetime?.toString(),
        'current.expiry': lifetime === undefined ? undefined : timeIn(lifetime),
      },
    };
    const reply = await replyTo('create a key', create.request, values);
    assertRoom(reply, create);
    const answer = answerIn(reply);
    const isShownAtOnce = create.second?.hasKey !== true;
    if (isShownAtOnce) context.hide(keyAt(create.key, answer));
    const id = idAt(create.id, answer);
    const copies = create.copies.map(({ field, place }) => [field, copyAt(place, answer)] as const);
    const last = create.second && (await answerToSecond(create.second, { ...values, 'key.id': id }));
    const key = keyAt(create.key, isShownAtOnce || !last ? answer : last);
    context.hide(key);
    return {
      // Of any type: only a check or a login reads them, from the stored version.
      ...(Object.fromEntries(copies.filter(([, value]) => value !== undefined)) as ApiKeySecret),
      ...(typeof spec.id === 'string' && { [spec.id]: id }),
      [spec.key]: key,
    };
  }

  /** @throws RotationError if the new key may be unfinished: once stored, the provider would refuse it forever */
  async function answerToSecond(
    { request, hasKey, expect }: NonNullable<typeof create.second>,
    call: Call,
  ): Promise<Answer | undefined> {
    const reply = await replyTo('finish the new key', request, call);
    const isMute = isSuccess(reply.response) && reply.response.text() === '';
    if (isMute && !hasKey && expect.length === 0) return undefined;
    const answer = answerIn(reply);
    if (holds(expect, answer)) return answer;
    throw answer.failure('with values other than `create.second.expect`');
  }

  async function listAll(secret: ApiKeySecret, context: StepContext): Promise<readonly ListedKey[]> {
    const first = await prepared(list.request, callFor(secret, context));
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
    const call = callFor(secret, context);
    if (await logIn(check.request, { login, adminLogin }, call, replyTo)) return 'rejected';
    const { response, answer } = await replyTo('check the key', check.request, call);
    if (check.isDead(response)) return 'rejected';
    if (!check.isLive(response)) throw response.failure();
    const found = answer();
    if (!holds(check.expect, found)) {
      if (!check.namesDead) return 'rejected';
      throw found.failure('with values that neither `check.expect` nor `check.dead` describes');
    }
    if (check.id === undefined || idAt(check.id, found) === secret[idField]) return 'accepted';
    throw new RotationError('ERR_SECRET_MALFORMED', `"${idField}" is the id of another key`, {
      hint: 'store the id that belongs to the key, with PutSecretValue. Otherwise a later rotation ends that other key',
    });
  }

  async function end(id: string, secret: ApiKeySecret, context: StepContext): Promise<void> {
    const call = { ...callFor(secret, context), 'key.id': id };
    for (const [index, { request, isGone: isDeclaredGone, expect }] of revokes.entries()) {
      const { response, answer } = await replyTo('end a key', request, call);
      const { status } = response;
      const isLast = index === revokes.length - 1;
      const isMute = isSuccess(response) && status !== 204 && response.text() === '';
      if (isSuccess(response) && !isMute && !isDeclaredGone(response)) {
        if (!holds(expect, answer())) throw answer().failure('and did not end it');
        continue;
      }
      const isTaken = isMute || isDeclaredGone(response);
      if (!isTaken && !(isLast ? MAY_BE_GONE : MAY_BE_DONE).includes(status)) throw response.failure();
      if (!isLast || (isTaken && endsLate)) continue;
      if (!(await isGone(id, secret, context))) throw response.failure();
    }
  }

  /** Whether a key has ended. Only a list that shows a live key proves that another one is gone. */
  async function isGone(id: string, secret: ApiKeySecret, context: StepContext): Promise<boolean> {
    let patience = Math.min(Math.max(propagationMs, LEAST_PATIENCE_MS), context.leftMs / 4);
    for (let delay = FIRST_DELAY_MS; ; delay *= 2) {
      const ids = (await listAll(secret, context)).map((key) => key.id);
      const isShown = ids.includes(id);
      if (!isShown || patience <= 0) {
        return !isShown && (id === secret[idField] || ids.includes(secret[idField] ?? ''));
      }
      // The list may lag.
      await sleep(Math.min(delay, patience), undefined, { signal: context.signal });
      patience -= delay;
    }
  }

  function callFor(secret: ApiKeySecret, context: StepContext): Call {
    return { secret, context, tokens: new Map() };
  }

  async function replyTo(doing: string, request: CompiledRequest, call: Call): Promise<Reply> {
    return send(doing, await prepared(request, call), { ca, context: call.context });
  }

  async function prepared(request: CompiledRequest, call: Call): Promise<PreparedRequest> {
    const refusal = await logIn(request, { login, adminLogin }, call, replyTo);
    if (refusal) throw refusal;
    const admin = isByAdmin(request) ? await adminOf(call.secret, call.context) : undefined;
    return request.prepare({ ...call, ...Object.fromEntries(call.tokens), admin });
  }
}

/**
 * Statuses with which a provider may refuse to end a key that has ended already. The list then decides, as it does after an
 * empty 200. 409 and 422 count only if the spec names them: a provider may answer so for a live key.
 */
const MAY_BE_GONE = [400, 410];

/** Statuses for a request before the last one, if it was done already. The last request decides. */
const MAY_BE_DONE = [...MAY_BE_GONE, 409, 422];

/** Returns the part of an answer about the key in use: all of it, or one item of its list. */
function keyIn(answer: Answer, item: CompiledSpec['create']['item'], id: string | undefined): unknown {
  if (item === undefined) return answer.json;
  const found = arrayAt(item.items, answer).find((part) => idAt(item.id, answer, part) === id);
  // Without it, the next key might get more rights than this one.
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
  // Required even if the key has no end: an answer without a start may have left out the end by mistake.
  const start = timeAt(lifetime.start, answer, current);
  const end = endAt(lifetime.end, current);
  if (end === ZONELESS) throw zoneless(lifetime.end, answer);
  if (!end) return undefined;
  const seconds = Math.floor((end.getTime() - start.getTime()) / 1000);
  if (seconds > 0) return seconds;
  throw answer.failure(`with no end of the key in use at ${lifetime.end.pointer}`);
}

/** The last time with a four-digit year (RFC 3339). Many providers use it for “never”. */
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Returns the time in so many seconds, in whole seconds: not every provider reads fractions. */
function timeIn(seconds: number): string {
  return new Date(Math.min(Date.now() + seconds * 1000, LAST_TIME)).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Words of a provider whose limit of keys is reached. */
const LIMIT = /\blimit|maxim|\bmax\b|quota|too many|exceed|\bfull\b/i;
/** Words of a throttle, and of limits on other things than the number of keys. Not looked for in a 402, which means neither. */
const RATE = /\brate|request|second|minute|\bretry/i;
const OTHER =
  /length|character|\bbyte|\bsize|payload|\blong|\blarge|lifetime|expir|\bttl\b|\bdays?\b|\bscopes\b/i;

const REFUSES_THE_KEY =
  'the provider refuses to make this key. It may have reached a limit, or allow only a shorter lifetime, another name or fewer ' +
  'rights. After 404, the account or object of the key may be gone. See the provider’s audit log or documentation. AWSCURRENT is unchanged';

/**
 * Asserts that the provider has room for another key, and that it did not refuse the key for another reason.
 *
 * @throws RotationError `ERR_SERVICE_FULL`, which quotes nothing of the answer
 */
function assertRoom({ response }: Reply, { full, id }: CompiledSpec['create']): void {
  const { status } = response;
  const isRefusal = status >= 400 && status < 500 && status !== 401 && status !== 429;
  if (!isRefusal && !isSuccess(response)) return;
  const json = jsonOf(response);
  const isSaid = full.length > 0 && full.every(({ find, expected }) => find(json) === expected);
  if (!isRefusal && (!isSaid || id.find(json) !== undefined)) return;
  const failure = response.failure();
  const isFull = full.length > 0 ? isSaid : json !== undefined && speaksOfKeys(response);
  if (!isFull && status === 403) return;
  if (!isFull) throw new RotationError('ERR_SERVICE_FAILED', failure.message, { hint: REFUSES_THE_KEY });
  throw new RotationError(
    'ERR_SERVICE_FULL',
    `${failure.message}: there seems to be no room for another key`,
    {
      hint:
        'end a key that nobody uses, or raise the limit. If the limit counts keys of this kind, set `maxKeys` or `create.full` in ' +
        'the spec: AWSPREVIOUS’s key then makes room',
    },
  );
}

function speaksOfKeys(response: Reply['response']): boolean {
  const text = response.text();
  return LIMIT.test(text) && (response.status === 402 || !(RATE.test(text) || OTHER.test(text)));
}
