import { administratorOfKeys, defineLambda } from '../../src/index.js';
import { apiKey } from './index.js';
import { specFrom } from './spec-json.js';

/** Lambda for any provider: the variable API_KEY_SPEC holds the spec, in JSON. */
export const lambda = defineLambda({
  rotator: ({ API_KEY_SPEC }) => apiKey(specFrom(API_KEY_SPEC)),
  environment: ['API_KEY_SPEC'],
  isEnvironmentRequired: true,
  permissions: administratorOfKeys('specs with `admin`'),
  drivers: [],
});
