import { isError } from '../errors.js';
import { errorParts, THROTTLED } from './failures.js';

type Handler<Args, Result> = (args: Args) => Promise<Result>;
type Middleware = <Args, Result>(next: Handler<Args, Result>, context: object) => Handler<Args, Result>;

/** What clients of AWS's SDK have in common here. */
interface SdkClient {
  readonly middlewareStack: {
    add(middleware: Middleware, options: { readonly step: 'initialize' }): void;
    add(
      middleware: Middleware,
      options: { readonly step: 'finalizeRequest'; readonly priority: 'low' },
    ): void;
  };
}

/**
 * Has a client remember, for as long as a call takes, that AWS has throttled it: an error that ends the call later, such as
 * that of an expired deadline, then has the throttle as its `cause`. By itself it says no more than that no answer came.
 */
export function noteThrottles<Client extends SdkClient>(client: Client): Client {
  const throttles = new WeakMap<object, unknown>();
  const eachTry: Middleware = (next, context) => (args) =>
    next(args).catch((error: unknown) => {
      if (THROTTLED.test(errorParts(error).name)) throttles.set(context, error);
      throw error;
    });
  const wholeCall: Middleware = (next, context) => (args) =>
    next(args).catch((error: unknown) => {
      const throttle = throttles.get(context);
      if (throttle !== undefined && throttle !== error && isError(error)) {
        Object.assign(error, { cause: throttle });
      }
      throw error;
    });
  // The SDK retries between these two.
  client.middlewareStack.add(wholeCall, { step: 'initialize' });
  client.middlewareStack.add(eachTry, { step: 'finalizeRequest', priority: 'low' });
  return client;
}

/** What to do about a throttle. */
export const QUOTA_USED_UP =
  'the account’s quota for these calls is used up; Secrets Manager tries the rotation again';

/** What to do, if AWS has throttled a call that later ended with this error: it can be reached, so that is not why. */
export function throttleHint(error: unknown): string | undefined {
  const isThrottled = isError(error) && THROTTLED.test(errorParts(error.cause).name);
  return isThrottled ? `AWS has throttled the call: ${QUOTA_USED_UP}` : undefined;
}
