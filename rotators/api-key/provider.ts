import { type ListedKey, RotationError, type StepContext, type Verdict } from '../../src/index.js';
import { administrator } from './administrator.js';
import { type CompiledSpec, isByAdmin } from './compile.js';
import { allKeys } from './list.js';
import type { Values } from './placeholders.js';
import { type Answer, type ExpectedPlace, holds, idAt, isSuccess, keyAt } from './pointers.js';
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

/** The provider that a spec describes. */
export function providerOf(
  spec: ApiKeySpec,
  { create, check, list, revokes, ...named }: CompiledSpec,
): Provider {
  const { ca } = spec;
  const adminOf = administrator(spec, named);
  const idField = idFieldOf(spec);
  const warned = new WeakSet<StepContext>();
  return { issue, list: listAll, revoke: end, probe };

  async function issue(name: string, secret: ApiKeySecret, context: StepContext): Promise<ApiKeySecret> {
    const inUse = create.current && (await ask('read the key in use', create.current, { secret, context }));
    const current = inUse?.json;
    // Left out, the next key might be able to do more than this one.
    const nothing = create.taken.find(({ find }) => find(current) === undefined);
    if (inUse && nothing !== undefined) throw inUse.failure(`with nothing at ${nothing.pointer}`);
    const expiry = new Date(Date.now() + create.expiresInDays * DAY_MS).toISOString().slice(0, 10);
    const values = { secret, context, current, 'key.name': name, 'expiry.date': expiry };
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
    const warn = (message: string) => {
      if (!warned.has(context)) context.warn(message);
      warned.add(context);
    };
    return allKeys(
      list.places,
      first.url,
      async (url) => answerIn(await send('list the keys', { ...first, url }, { ca, context })),
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
      const isMute = isSuccess(response) && status !== 204 && response.text() === '';
      if (isSuccess(response) && !isMute) {
        if (!holds(expect, answer())) throw answer().failure('and did not end it');
      } else if (!isMute && !isDeclaredGone(response) && !MAY_BE_GONE.includes(status)) {
        throw response.failure();
      } else if (index === revokes.length - 1 && !(await isGone(id, secret, context))) {
        throw response.failure();
      }
    }
  }

  /** Only a list that shows what lives tells what does not. */
  async function isGone(id: string, secret: ApiKeySecret, context: StepContext): Promise<boolean> {
    const ids = (await listAll(secret, context)).map((key) => key.id);
    return !ids.includes(id) && (id === secret[idField] || ids.includes(secret[idField] ?? ''));
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

/** How a provider may refuse to end what has ended already: then the list tells, as it does after 200 and no more. */
const MAY_BE_GONE = [400, 409, 410, 422];

function answerIn({ response, answer }: Reply): Answer {
  if (isSuccess(response)) return answer();
  throw response.failure();
}

/** What a provider says that has as many keys as it allows, and what throttles say alone. */
const LIMIT = /\blimit|maxim|\bmax\b|quota|too many|exceed|\bfull\b/i;
const RATE = /\brate|request|second|minute|\bretry/i;

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
      : json !== undefined && LIMIT.test(response.text()) && !RATE.test(response.text());
  if (!isFull) return;
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

function jsonOf(response: Reply['response']): unknown {
  try {
    return response.json();
  } catch {
    return undefined; // A page of something else, which says nothing of keys.
  }
}
