import { rotationHandler } from '../../../src/index.js';
import { gitlab } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(gitlab());
