import { defineLambda } from '../../src/index.js';
import { serviceToken } from './index.js';

/** For services that read the secret. The variable SERVICE_TOKEN_KIND is `kind`. */
export const lambda = defineLambda({
  rotator: ({ SERVICE_TOKEN_KIND: kind = 'random' }) => {
    if (kind !== 'random' && kind !== 'Ed25519' && kind !== 'RSA') {
      throw new TypeError('SERVICE_TOKEN_KIND must be random, Ed25519 or RSA');
    }
    return serviceToken({ kind });
  },
  environment: ['SERVICE_TOKEN_KIND'],
  // What `install` of `serviceToken()` reads besides is the caller's to allow.
  permissions: [],
  drivers: [],
});
