import { rotationHandler } from '../../src/index.js';
import { postgres } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(postgres());
