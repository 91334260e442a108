import { lifetimeDaysFrom, rotationHandler } from '../../../src/index.js';
import { elasticsearch } from './index.js';
import { lifetime } from './permissions.js';

const lifetimeDays = lifetimeDaysFrom(process.env.KEY_LIFETIME_DAYS, lifetime);

/** The Lambda entry: `handler.handler`. The variable KEY_LIFETIME_DAYS is `lifetimeDays`. */
export const handler = rotationHandler(elasticsearch({ lifetimeDays }));
