import type { tokenGuard } from '../../src/client/index.js';

/** Returns middleware for Express, or for any framework with `next`. */
export function requireToken(isKnown: ReturnType<typeof tokenGuard<unknown, boolean>>) {
  return async (
    request: { headers: { authorization?: string } },
    response: { sendStatus(status: number): unknown },
    next: (error?: unknown) => void,
  ): Promise<void> => {
    try {
      if (await isKnown(request.headers.authorization)) next();
      else response.sendStatus(401);
    } catch (error) {
      next(error); // The secret could never be read. Express 4 does not handle rejected promises.
    }
  };
}
