import { RotationError, type StepContext } from '../../src/index.js';
import type { CompiledSpec } from './compile.js';
import type { TokenName, Values } from './placeholders.js';
import { tokenAt } from './pointers.js';
import { answerIn, type CompiledRequest, type Reply } from './send.js';

/** Values for a request, and the context of its step. */
export interface Call extends Values {
  readonly context: StepContext;
  /** Tokens of this call and of those that belong to it. They are not kept longer, because the provider may refuse old tokens. */
  readonly tokens: Map<TokenName, string>;
}

/** Fills in a request, and sends it. */
export type ReplyTo = (doing: string, request: CompiledRequest, call: Call) => Promise<Reply>;

/**
 * Logs in for a request that needs a token, unless an earlier request of the same call has.
 *
 * @returns the error to throw if the provider refuses the secret's key as dead
 * @throws RotationError for every other failure, which says nothing about the key
 */
export async function logIn(
  { placeholders }: CompiledRequest,
  { login, adminLogin }: Pick<CompiledSpec, 'login' | 'adminLogin'>,
  call: Call,
  replyTo: ReplyTo,
): Promise<RotationError | undefined> {
  const { tokens, context } = call;
  const lacks = (of: TokenName) => !tokens.has(of) && placeholders.some((part) => part.of === of);
  if (adminLogin && lacks('adminLogin.token')) {
    keep(
      'adminLogin.token',
      adminLogin,
      await replyTo('log in as the administrator', adminLogin.request, call),
    );
  }
  if (!login || !lacks('login.token')) return undefined;
  const reply = await replyTo('log in', login.request, call);
  if (login.isDead(reply.response)) return refused(reply);
  keep('login.token', login, reply);
  return undefined;

  function keep(of: TokenName, { token: place }: NonNullable<typeof login>, reply: Reply): void {
    const token = tokenAt(place, answerIn(reply));
    context.hide(token);
    tokens.set(of, token);
  }
}

function refused({ response }: Reply): RotationError {
  return new RotationError('ERR_RIGHTS_MISSING', `${response.failure().message}: it refuses the key`, {
    hint: 'find out who ended the key that logs in: AWSCURRENT’s key makes the next one, AWSPENDING’s lists and ends keys',
  });
}
