import { administratorOfKeys, defineLambda } from '../../../src/index.js';
import { datadog } from './index.js';

/** The variable DATADOG_URL is `url` of another site than datadoghq.com. */
export const lambda = defineLambda({
  rotator: ({ DATADOG_URL: url }) => datadog(url === undefined ? {} : { url }),
  environment: ['DATADOG_URL'],
  permissions: administratorOfKeys(),
  drivers: [],
});
