import { administratorOfKeys, defineLambda, keyEndingFrom } from '../../../src/index.js';
import { datadog } from './index.js';

/** The variable DATADOG_URL is `url` of another site than datadoghq.com, and KEYS_END is `ends`. */
export const lambda = defineLambda({
  rotator: ({ DATADOG_URL: url, KEYS_END: ends }) =>
    datadog({ ...(url !== undefined && { url }), ends: keyEndingFrom(ends) }),
  environment: ['DATADOG_URL', 'KEYS_END'],
  permissions: administratorOfKeys(),
  drivers: [],
});
