import { rotatingFetch, rotatingSecret } from '../../src/client/index.js';

/** Sends `current`. It never needs AWSPENDING, because services accept three tokens. */
const secret = rotatingSecret<{ current: string }>('gate/token', { pending: false });
export const gateFetch = rotatingFetch(secret, ({ current }, headers) =>
  headers.set('authorization', `Bearer ${current}`),
);
