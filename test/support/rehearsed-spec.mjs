// Stands in a copy of dist as rotators/<name>/rehearsal.js: rehearses a spec and a secret that a test hands over.
import { apiKey } from '../../rotators/api-key/index.js';
import { rotationHandler } from '../../src/index.js';

const { spec, secret, accepts } = JSON.parse(process.env.REHEARSED);
const rotator = apiKey(spec);

export const startRehearsal = async () => ({
  title: `keys of ${spec.name}`,
  secretString: JSON.stringify(secret),
  rotator,
  overlaps: true,
  handler: (options) => rotationHandler(rotator, options),
  async accepts(version) {
    const headers = { authorization: `Bearer ${JSON.parse(version)[spec.key]}` };
    return (await fetch(accepts, { headers })).ok;
  },
  restore: async () => {},
  stop: async () => {},
});
