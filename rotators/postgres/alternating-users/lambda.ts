import { rotationHandler } from '../../../src/index.js';
import { alternatingUsers } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(alternatingUsers());
