import { rotationHandler } from '../../../src/index.js';
import { datadog } from './index.js';

const { DATADOG_URL: url } = process.env;

/** The Lambda entry: `handler.handler`. The variable DATADOG_URL is `url` of another site than datadoghq.com. */
export const handler = rotationHandler(datadog(url === undefined ? {} : { url }));
