import { rotationHandler } from '../../../src/index.js';
import { entra } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(entra());
