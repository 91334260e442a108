import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiKeySpec, apiKey } from '../../../rotators/api-key/index.js';
import { rotationHandler } from '../../../src/index.js';
import { STEPS } from '../../../src/step.js';
import { rig, rotatorContract } from '../../../src/testing/index.js';
import { built } from '../../support/built.js';
import { CommandRig } from '../../support/command.js';
import { describeIssuer } from '../../support/issuers.js';
import { tried } from '../../support/thorough.js';
import { startVerdaccio, VERDACCIO, type Verdaccio } from '../../support/verdaccio.js';

const headers = { authorization: 'Bearer {token}' };

/** As somebody would write it from the documentation, which does not say that a deleted token works until it expires. */
const undeclared: ApiKeySpec = {
  name: 'verdaccio',
  key: 'token',
  id: 'tokenKey',
  create: {
    method: 'POST',
    url: '{url}/-/npm/v1/tokens',
    headers,
    json: { password: '{password}', readonly: false, cidr_whitelist: [] },
    key: '/token',
    id: '/key',
  },
  check: { url: '{url}/-/npm/v1/user', headers },
  list: {
    url: '{url}/-/npm/v1/tokens',
    headers,
    items: '/objects',
    id: '/key',
    createdAt: '/created',
    pages: 'one',
  },
  revoke: { method: 'DELETE', url: '{url}/-/npm/v1/tokens/token/{key.id}', headers },
  ownsEveryKey: true,
};
const declared: ApiKeySpec = { ...undeclared, ends: 'late' };

describeIssuer(VERDACCIO, 'on Verdaccio, whose tokens outlive their deletion', (test) => {
  let verdaccio: Verdaccio;

  beforeAll(async () => {
    verdaccio = await startVerdaccio();
  }, 90_000);

  afterAll(() => verdaccio?.stop());

  const contractOf = (spec: ApiKeySpec) =>
    rotatorContract({
      rotator: () => apiKey(spec),
      reset: () => verdaccio.reset(),
      accepts: ({ token }) => verdaccio.accepts(token),
      line: () => verdaccio.line,
      credentials: async () => (await verdaccio.listed()).length,
      overlaps: true,
    });

  for (const { name, run } of tried(contractOf(declared), 'never')) test(`declared: ${name}`, run);

  test('declared, a rotation warns of the token that it ended, counts it, and is promoted', async () => {
    const first = await verdaccio.reset();
    const { rotate, value, warnings, log } = await rig(apiKey(declared), { secret: first });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([]);
    for (let rotation = 2; rotation <= 4; rotation++) {
      const { tokenKey: ended, token } = await value('AWSPREVIOUS');
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      expect(await verdaccio.listed()).toEqual([previous.tokenKey, current.tokenKey]);
      expect(await verdaccio.accepts(token)).toBe(true);
      expect(warnings()).toHaveLength(rotation - 1);
      expect(warnings().at(-1)).toMatch(
        `this rotation ended the key ${ended}, but the provider still accepts it`,
      );
      expect(log.at(-1)).toMatchObject({ step: 'finishSecret', endedKeyWorks: 1 });
    }
  });

  test('undeclared, nothing is promoted, and a spec that declares it goes on with the same rotation', async () => {
    const first = await verdaccio.reset();
    const undone = await rig(apiKey(undeclared), { secret: first });
    const { secrets, secretId, rotate, reattempt, value, log } = undone;
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
    for (const attempt of [rotate, reattempt]) {
      expect(await attempt()).toMatchObject({ outcome: 'failed' });
      expect(log.at(-1)).toMatchObject({ step: 'finishSecret', code: 'ERR_KEY_STILL_WORKS' });
      expect([await value('AWSPREVIOUS'), await value('AWSCURRENT')]).toEqual([previous, current]);
      expect(await verdaccio.accepts(current.token)).toBe(true);
      expect(await verdaccio.accepts((await value('AWSPENDING')).token)).toBe(true);
    }
    const pending = await value('AWSPENDING');
    const handler = rotationHandler(apiKey(declared), { client: secrets, log: () => {} });
    const token = secrets.rotation(secretId).token ?? '';
    for (const Step of STEPS) await handler({ Step, SecretId: secretId, ClientRequestToken: token });
    expect(await value('AWSCURRENT')).toEqual(pending);
    expect(await verdaccio.listed()).toEqual([current.tokenKey, pending.tokenKey]);
  });

  test('undeclared, the contract says so', async () => {
    const name = 'has the service refuse what it has retired, unless it declares when that ends';
    const clause = contractOf(undeclared).find((each) => each.name === name);
    await expect(clause?.run()).rejects.toThrow(/declare `ends`|ERR_KEY_STILL_WORKS/);
  });

  test('undeclared, the rehearsal says so; declared, it does not', async () => {
    const [first, ...more] = [await rehearse(undeclared), await rehearse(declared)];
    expect(first).toMatchObject({ code: 1, stdout: expect.stringContaining('ERR_KEY_STILL_WORKS') });
    expect(more).toMatchObject([{ code: 0, stdout: expect.not.stringContaining('ERR_') }]);
  });

  /** In a copy of dist, which has the spec among its rotators. */
  async function rehearse(spec: ApiKeySpec) {
    const command = await CommandRig.make();
    try {
      const esm = join(command.folder, 'dist/esm');
      await cp(built('esm'), esm, { recursive: true });
      for (const shared of ['package.json', 'node_modules'])
        await symlink(join(__dirname, '../../..', shared), join(command.folder, shared));
      await mkdir(join(esm, 'rotators/rehearsed'));
      const from = join(__dirname, '../../support/rehearsed-spec.mjs');
      await cp(from, join(esm, 'rotators/rehearsed/rehearsal.js'));
      const secret = await verdaccio.reset();
      const accepts = `${secret.url}/-/npm/v1/user`;
      const env = { REHEARSED: JSON.stringify({ spec, secret, accepts }) };
      const main = join(esm, 'src/cli/main.js');
      return await command.start(['rehearse', 'rehearsed', '--rotations', '3'], env, main).end;
    } finally {
      await command.end();
    }
  }
});
