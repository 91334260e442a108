import { isError } from '../errors.js';
import { errorParts, THROTTLED } from './failures.js';

type Handler<Args, Result> = (args: Args) => Promise<Result>;
type Middleware = <Args, Result>(next: Handler<Args, Result>, context: object) => Handler<Args, Result>;

/** Client of AWS's SDK for any service, such as `IAMClient`. */
export interface SdkClient {
  /** @internal */
  readonly middlewareStack: {
    add(middleware: Middleware, options: { readonly step: 'initialize' }): void;
    add(
      middleware: Middleware,
      options: { readonly step: 'finalizeRequest'; readonly priority: 'low' },
    ): void;
  };
}

/**
 * Makes a client of AWS's SDK remember that AWS has throttled a call, and returns the client. If another error ends that call,
 * such as an expired deadline, it gets the throttle as its `cause`: by itself it would only say that no answer came.
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

/** Hint for a throttle. */
export const QUOTA_USED_UP =
  'the account has used up its quota for these calls; Secrets Manager tries the rotation again';

/** Returns the hint for an error that ended a throttled call: AWS was reachable, so the network is not the cause. */
export function throttleHint(error: unknown): string | undefined {
  const isThrottled = isError(error) && THROTTLED.test(errorParts(error.cause).name);
  return isThrottled ? `AWS throttled the call: ${QUOTA_USED_UP}` : undefined;
}
