import { rotationHandler } from '../../src/index.js';
import { serviceToken } from './index.js';

const { SERVICE_TOKEN_KIND: kind = 'random' } = process.env;
if (kind !== 'random' && kind !== 'Ed25519' && kind !== 'RSA') {
  throw new TypeError('SERVICE_TOKEN_KIND must be random, Ed25519 or RSA');
}

/** The Lambda entry: `handler.handler`. For services that read the secret. */
export const handler = rotationHandler(serviceToken({ kind }));
