import type { Rotator } from '../../../../index.js';
import { passwordSource, RotationError, stringField } from '../../../../index.js';

/** The secret: {"url":"https://gate.example","user":"door-7","password":"…"} */
type GateSecret = { url: string; user: string; password: string };
export function gate(): Rotator<GateSecret, 'password'> {
  const newPassword = passwordSource({ length: 24 });
  return {
    name: 'gate',
    rotates: ['password'],
    shows: ['url', 'user'],
    parse: (json) => ({
      url: stringField(json, 'url'),
      user: stringField(json, 'user'),
      password: stringField(json, 'password'),
    }),
    createSecret: () => ({ password: newPassword() }),
    async setSecret({ pending, current }, { signal, confirm }) {
      if ((await confirm()) === 'current') return; // We stalled, and another attempt has finished this rotation.
      // AWSPENDING too: an earlier attempt may have got this far.
      for (const { password } of [current, pending]) {
        if (await call(pending, password, { method: 'PUT', body: pending.password, signal })) return;
      }
      throw new RotationError('ERR_CREDENTIAL_REJECTED', `${pending.url} refuses "${pending.user}"`);
    },
    testSecret: async (pending, { signal }) =>
      (await call(pending, pending.password, { signal })) ? 'accepted' : 'rejected',
  };
}

/** Whether the gate takes the password. Only 401 is a refusal: anything else tells nothing about it. */
async function call({ url, user }: GateSecret, password: string, init: RequestInit): Promise<boolean> {
  const headers = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  const { status } = await fetch(`${url}/password`, { ...init, headers, redirect: 'error' });
  if (status === 200 || status === 401) return status === 200;
  throw new RotationError('ERR_SERVICE_FAILED', `${url} answered ${status}`);
}
