import { administratorOfKeys } from '../../src/index.js';

export const permissions = /* @__PURE__ */ administratorOfKeys('specs with `admin`');

export const environment = ['API_KEY_SPEC'];
export const isEnvironmentRequired = true;
