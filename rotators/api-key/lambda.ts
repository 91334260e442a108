import { rotationHandler } from '../../src/index.js';
import { apiKey } from './index.js';
import { specFrom } from './spec-json.js';

/** The Lambda entry: `handler.handler`. The variable API_KEY_SPEC is the spec, in JSON. */
export const handler = rotationHandler(apiKey(specFrom(process.env.API_KEY_SPEC)));
