import { rotationHandler } from '../../src/index.js';
import { iam } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(iam({ ownsEveryKey: process.env.OWNS_EVERY_KEY === 'true' }));
