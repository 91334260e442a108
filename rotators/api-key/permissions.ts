import { withOrWithout } from './administrator-permissions.js';

export const permissions = withOrWithout('specs with `admin`');
