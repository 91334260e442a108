import { generateKeyPairSync } from 'node:crypto';
import { serviceToken } from '../../../rotators/service-token/index.js';
import { jwks } from '../../../rotators/service-token/sign/index.js';
import { rotatorContract } from '../../../src/testing/index.js';
import { isThorough, tried } from '../../support/thorough.js';
import { TokenService } from '../../support/token-service.js';

const service = new TokenService();
beforeAll(() => service.start());
afterAll(() => service.stop());

const pem = (key: { privateKey: { export(options: object): unknown } }) =>
  String(key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const ed25519 = () => pem(generateKeyPairSync('ed25519'));
const rsa = () => pem(generateKeyPairSync('rsa', { modulusLength: 2048 }));

const KINDS = ['random', 'Ed25519', 'RSA'] as const;
const EXAMPLES = { random: 'always', Ed25519: 'when thorough', RSA: 'never' } as const;

const FIRST = {
  random: { previous: 'prv-9Kx2-7bqw', current: 'crr-4Hn8-2zty', next: 'nxt-6Fm3-8rpd' },
  Ed25519: { previous: ed25519(), current: ed25519(), next: ed25519() },
  RSA: { previous: rsa(), current: rsa(), next: rsa() },
};

// RSA keys take a while to make.
describe.each(isThorough ? KINDS : KINDS.slice(0, 2))('with a service that is told, of kind %s,', (kind) => {
  const first = FIRST[kind];

  const clauses = rotatorContract({
    rotator: () => serviceToken(service.options(kind)),
    reset() {
      service.reset(kind === 'random' ? { tokens: Object.values(first) } : { jwks: jwks(first) });
      return { ...first };
    },
    accepts: (secret) => service.takes(secret),
    line: () => service.line,
    overlaps: true,
    // One request names everything that the service accepts, and the service has no condition for it.
    lateChangesLand: true,
  });
  test.each(tried(clauses, EXAMPLES[kind]))('serviceToken() $name', ({ run }) => run());
});
