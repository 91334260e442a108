import { administratorOfKeys } from '../../../src/index.js';

export const permissions = /* @__PURE__ */ administratorOfKeys();

export const environment = ['DATADOG_URL'];
