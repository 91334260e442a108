import { serviceToken } from '../../rotators/service-token/index.js';
import { rotationHandler } from '../../src/index.js';

/** The secret: {}, or {"current":"…"} if a token is in use. The administrator's: {"token":"…"} */
export const gateToken = (gate = 'https://gate.example') =>
  serviceToken({
    async install(accepted, { readSecret }) {
      const { token } = await readSecret('gate/administrator');
      return {
        url: `${gate}/tokens`,
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ accepted }),
      };
    },
    probe: (token) => ({ url: `${gate}/whoami`, headers: { authorization: `Bearer ${token}` } }),
  });

export const handler = rotationHandler(gateToken());
