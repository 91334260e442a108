import { rotationHandler } from '../../../src/index.js';
import { sesSmtp } from './index.js';

/** The Lambda entry: `handler.handler`. */
export const handler = rotationHandler(sesSmtp({ ownsEveryKey: process.env.OWNS_EVERY_KEY === 'true' }));
