import { rotationHandler } from '../../../src/index.js';
import { rdsInstance } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(rdsInstance());
