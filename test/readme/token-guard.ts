import { accepts } from '../../rotators/service-token/verify/index.js';
import { rotatingSecret, tokenGuard } from '../../src/client/index.js';

/** Checks the Authorization header of a request: true if it bears one of the secret's three tokens. */
export const isKnown = tokenGuard(rotatingSecret('gate/token'), accepts);
