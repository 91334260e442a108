import { RotationError, type StepContext } from '../../src/index.js';
import type { CompiledSpec } from './compile.js';
import type { TokenName, Values } from './placeholders.js';
import { tokenAt } from './pointers.js';
import { answerIn, type CompiledRequest, type Reply } from './send.js';

/** What a request is filled with, and the step that it is made in. */
export interface Call extends Values {
  readonly context: StepContext;
  /** Of this call and those that belong to it. Nobody keeps them longer: a token may be refused for its age. */
  readonly tokens: Map<TokenName, string>;
}

/** Fills in a request, and sends it. */
export type ReplyTo = (doing: string, request: CompiledRequest, call: Call) => Promise<Reply>;

/**
 * Logs in for a request that shows a token, unless that was done for a request before it.
 *
 * @returns what to throw if the provider refuses the key of the secret, as it does a dead one
 * @throws RotationError for every other failure, which tells nothing of the key
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
    hint: 'the key that logs in is dead: AWSCURRENT’s while a key is made, AWSPENDING’s while keys are listed and ended',
  });
}
