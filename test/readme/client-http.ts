import { rotatingFetch, rotatingSecret } from '../../src/client/index.js';

/** The secret is {"apiKey":"…"}; `pending` names the field that rotates. */
const secret = rotatingSecret<{ apiKey: string }>('billing/key', { pending: ['apiKey'] });
export const signedFetch = rotatingFetch(secret, ({ apiKey }, headers) => headers.set('x-api-key', apiKey));
