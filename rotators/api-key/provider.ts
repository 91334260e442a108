import { type ListedKey, RotationError, type StepContext, type Verdict } from '../../src/index.js';
import { administrator } from './administrator.js';
import { isByAdmin, type Named } from './compile.js';
import { allKeys } from './list.js';
import { currentPointers, filledUrl, type Values } from './placeholders.js';
import { holds, idAt, isSuccess, keyAt, valueAt } from './pointers.js';
import { idFieldOf } from './secret.js';
import { exchange, type Reply } from './send.js';
import type { ApiKeySecret, ApiKeySpec, ApiRequest } from './spec.js';

/** What `issuedKey` asks of a provider. */
export interface Provider {
  /** @throws RotationError if the key in AWSCURRENT does not work, where the next is made by another's right, or in its room */
  assertProven(current: ApiKeySecret, context: StepContext): Promise<void>;
  issue(name: string, current: ApiKeySecret, context: StepContext): Promise<ApiKeySecret>;
  list(secret: ApiKeySecret, context: StepContext): Promise<readonly ListedKey[]>;
  revoke(id: string, secret: ApiKeySecret, context: StepContext): Promise<void>;
  probe(secret: ApiKeySecret, context: StepContext): Promise<Verdict>;
}

/** What a request is filled with, and the step that it is made in. */
interface Call extends Values {
  readonly context: StepContext;
  readonly url?: URL;
}

const DAY_MS = 86_400_000;

/** The provider that a spec describes. */
export function providerOf(spec: ApiKeySpec, named: Named): Provider {
  const { create, check, list, revoke, ca } = spec;
  const adminOf = administrator(spec, named);
  const idField = idFieldOf(spec);
  return { assertProven, issue, list: listAll, revoke: end, probe };

  /** Whoever may write the secret could name any key in it, have others ended for it, and read its successor. */
  async function assertProven(secret: ApiKeySecret, context: StepContext): Promise<void> {
    if (!isByAdmin(create) && spec.maxKeys === undefined) return;
    if ((await probe(secret, context)) === 'rejected') throw unproven();
  }

  async function issue(name: string, secret: ApiKeySecret, context: StepContext): Promise<ApiKeySecret> {
    const inUse = create.current && (await ask('read the key in use', create.current, { secret, context }));
    const current = inUse?.json;
    // Left out, the next key might be able to do more than this one.
    const nothing = currentPointers(create.json).find((pointer) => valueAt(current, pointer) === undefined);
    if (inUse && nothing !== undefined) throw inUse.failure(`with nothing at ${nothing}`);
    const expiry = new Date(Date.now() + (create.expiresInDays ?? 0) * DAY_MS).toISOString().slice(0, 10);
    const values = { secret, context, current, 'key.name': name, 'expiry.date': expiry };
    const answer = await ask('create a key', create, values);
    const key = keyAt(answer, create.key);
    context.hide(key);
    const id = idAt(answer, create.id);
    return typeof spec.id === 'string' ? { [spec.key]: key, [spec.id]: id } : { [spec.key]: key };
  }

  async function listAll(secret: ApiKeySecret, context: StepContext): Promise<readonly ListedKey[]> {
    return allKeys(list, filledUrl(list.url, { secret }), (url) =>
      ask('list the keys', list, { secret, context, url }),
    );
  }

  async function probe(secret: ApiKeySecret, context: StepContext): Promise<Verdict> {
    const { live, dead = [401], expect, id } = check;
    const { response, answer } = await send('check the key', check, { secret, context });
    if (dead.includes(response.status)) return 'rejected';
    if (!(live?.includes(response.status) ?? isSuccess(response))) throw response.failure();
    const found = answer();
    if (!holds(found, expect)) return 'rejected';
    if (id === undefined || idAt(found, id) === secret[idField]) return 'accepted';
    throw new RotationError('ERR_SECRET_MALFORMED', `"${idField}" is the id of another key`, {
      hint: 'store the id that belongs to the key, with PutSecretValue: the key of that id would be ended one day',
    });
  }

  async function end(id: string, secret: ApiKeySecret, context: StepContext): Promise<void> {
    const requests = [revoke].flat();
    for (const [index, request] of requests.entries()) {
      const { response, answer } = await send('end a key', request, { secret, context, 'key.id': id });
      const { status } = response;
      const isGone = (request.gone ?? [404]).includes(status);
      const isMute = isSuccess(response) && status !== 204 && response.text() === '';
      if (isSuccess(response) && !isMute) {
        if (!holds(answer(), request.expect)) throw answer().failure('and did not end it');
      } else if (!isMute && !isGone && !MAY_BE_GONE.includes(status)) {
        throw response.failure();
      } else if (
        index === requests.length - 1 &&
        (await listAll(secret, context)).some((key) => key.id === id)
      ) {
        throw response.failure();
      }
    }
  }

  async function send(doing: string, request: ApiRequest, { context, url, ...values }: Call): Promise<Reply> {
    const admin = isByAdmin(request) ? await adminOf(values.secret, context) : undefined;
    return exchange({ doing, request, values: { ...values, admin }, ca, context, ...(url && { url }) });
  }

  async function ask(doing: string, request: ApiRequest, call: Call) {
    const { response, answer } = await send(doing, request, call);
    if (isSuccess(response)) return answer();
    throw response.failure();
  }
}

/** How a provider may refuse to end what has ended already: then the list tells, as it does after 200 and no more. */
const MAY_BE_GONE = [400, 409, 410, 422];

function unproven(): RotationError {
  return new RotationError('ERR_CREDENTIAL_REJECTED', 'the provider rejects the key in AWSCURRENT', {
    hint:
      'nothing was changed: no key is made for a secret whose own does not work. Make one by hand, store it with ' +
      'PutSecretValue, then rotate again',
  });
}
