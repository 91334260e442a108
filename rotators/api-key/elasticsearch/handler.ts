import { rotationHandler } from '../../../src/index.js';
import { elasticsearch } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(elasticsearch());
