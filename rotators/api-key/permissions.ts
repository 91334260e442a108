import { withOrWithout } from './administrator-permissions.js';

export const permissions = withOrWithout('specs with `admin`');

export const environment = ['API_KEY_SPEC'];
export const isEnvironmentRequired = true;
