import { defineLambda } from '../../src/index.js';
import { serviceToken } from './index.js';

/** Ready-made function, for services that read the secret. SERVICE_TOKEN_KIND sets `kind`. */
export const lambda = defineLambda({
  rotator: ({ SERVICE_TOKEN_KIND: kind = 'random' }) => {
    if (kind !== 'random' && kind !== 'Ed25519' && kind !== 'RSA') {
      throw new TypeError('SERVICE_TOKEN_KIND must be random, Ed25519 or RSA');
    }
    return serviceToken({ kind });
  },
  environment: ['SERVICE_TOKEN_KIND'],
  // If your `install` reads other secrets, allow that yourself.
  permissions: [],
  drivers: [],
});
