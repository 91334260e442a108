import { type Rotator, stringField } from '../../src/index.js';

export interface TokenSecret {
  readonly token: string;
}

let made = 0;

/** A rotator of tokens that may be a secret's whole text, for a service that takes any; a test may replace parts. */
export function tokens(parts: Partial<Rotator<TokenSecret, 'token'>> = {}): Rotator<TokenSecret, 'token'> {
  return {
    name: 'tokens',
    rotates: ['token'],
    shows: [],
    text: 'token',
    parse: (json) => ({ token: stringField(json, 'token') }),
    createSecret: () => ({ token: `another-token-${++made}` }),
    setSecret: () => {},
    testSecret: () => 'accepted',
    ...parts,
  };
}
