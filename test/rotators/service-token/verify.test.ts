import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jwks, sign } from '../../../rotators/service-token/sign/index.js';
import {
  accepts,
  type PublicJwk,
  type VerifyOptions,
  verified,
} from '../../../rotators/service-token/verify/index.js';

const pem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }));
const ed25519 = () => pem(generateKeyPairSync('ed25519').privateKey);
const rsa = (modulusLength = 2048) => pem(generateKeyPairSync('rsa', { modulusLength }).privateKey);

const SECRET = {
  owner: 'team-a',
  previous: 'prv-9Kx2-7bqw',
  current: 'crr-4Hn8-2zty',
  next: 'nxt-6Fm3-8rpd',
};

test.each(['previous', 'current', 'next'] as const)('accepts %s', (slot) => {
  expect(accepts(SECRET, SECRET[slot])).toBe(true);
});

test.each([
  'team-a',
  'crr-4Hn8-2zt',
  'crr-4Hn8-2ztyy',
  'CRR-4HN8-2ZTY',
  '',
  undefined,
  null,
  {},
  ['crr-4Hn8-2zty'],
])('does not accept %j', (token) => expect(accepts(SECRET, token)).toBe(false));

test.each([{}, { current: '' }, { current: undefined }, { current: null }, { previous: 0 }])(
  'of a secret that is %j accepts nothing',
  (secret) => {
    for (const token of ['', 'undefined', 'null', '0', undefined, null, 0]) {
      expect(accepts(secret, token)).toBe(false);
    }
  },
);

test('of keys accepts nothing, not even the key itself: it is told that it was given keys', () => {
  const current = ed25519();
  expect(() => accepts({ current }, current)).toThrow('use verified()');
});

test('the key of RFC 8037 has the thumbprint that RFC 8037 gives', () => {
  const key = createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    },
    format: 'jwk',
  });
  expect(jwks({ current: pem(key) }).keys).toEqual([
    {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
      alg: 'EdDSA',
      use: 'sig',
    },
  ]);
});

describe.each([
  ['Ed25519', ed25519, 'EdDSA', null],
  ['RSA', rsa, 'RS256', 'sha256'],
] as const)('with %s,', (_, make, alg, hash) => {
  const secret = { previous: make(), current: make(), next: make() };
  const keys = jwks(secret);
  const token = sign(secret, { sub: 'billing' });
  const [head = '', body = '', signature = ''] = token.split('.');
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  /** A token of the current key, whatever stands in it. */
  const forged = (header: object, claims: unknown = { sub: 'billing' }): string => {
    const data = `${encode({ ...decode(head), ...header })}.${encode(claims)}`;
    return `${data}.${signBytes(hash, Buffer.from(data), secret.current).toString('base64url')}`;
  };

  test('a token is a JWT of the current key, as anybody can verify it', () => {
    const [, current] = keys.keys;
    expect(decode(head)).toEqual({ alg, typ: 'JWT', kid: current?.kid });
    const key = createPublicKey({ key: { ...current! }, format: 'jwk' });
    expect(verify(hash, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(verified(keys, token)).toEqual({ sub: 'billing' });
    expect(verified(keys, forged({}))).toEqual({ sub: 'billing' });
  });

  test('the key set has all three, each once, and no private member', () => {
    expect(new Set(keys.keys.map(({ kid }) => kid)).size).toBe(3);
    expect(jwks({ previous: secret.current, current: secret.current }).keys).toHaveLength(1);
    for (const key of keys.keys)
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(member);
  });

  const hmac = (key: string, alg = 'HS256') => {
    const data = `${encode({ ...decode(head), alg })}.${body}`;
    return `${data}.${createHmac(alg.replace('HS', 'sha'), key).update(data).digest('base64url')}`;
  };
  /** Of the current key, with claims that need not be JSON. */
  const forgedText = (claims: string): string => {
    const data = `${head}.${Buffer.from(claims).toString('base64url')}`;
    return `${data}.${signBytes(hash, Buffer.from(data), secret.current).toString('base64url')}`;
  };
  const stranger = make();
  const [strangerJwk] = jwks({ current: stranger }).keys as [PublicJwk];
  /** A token that a stranger has signed, who says in the header where the key is. */
  const byStranger = (header: object): string => {
    const data = `${encode({ ...decode(head), ...header })}.${body}`;
    return `${data}.${signBytes(hash, Buffer.from(data), stranger).toString('base64url')}`;
  };
  const zeros = () => Buffer.alloc(Buffer.from(signature, 'base64url').length).toString('base64url');
  const changed = () => {
    const bytes = Buffer.from(signature, 'base64url');
    bytes[0]! ^= 1;
    return bytes.toString('base64url');
  };
  const publicPem = String(createPublicKey(secret.current).export({ type: 'spki', format: 'pem' }));
  const { x, n } = keys.keys[1]!;

  test.each([
    ['none for an algorithm', () => `${encode({ ...decode(head), alg: 'none' })}.${body}.`],
    ['none, and a signature', () => `${encode({ ...decode(head), alg: 'none' })}.${body}.${signature}`],
    ['HS256 with the public key, PEM', () => hmac(publicPem)],
    ['HS256 with the public key, JWK', () => hmac(x ?? n ?? '')],
    ['the other algorithm', () => forged({ alg: alg === 'EdDSA' ? 'RS256' : 'EdDSA' })],
    ['another hash', () => forged({ alg: 'RS512' })],
    ['an algorithm in other letters', () => forged({ alg: alg.toLowerCase() })],
    ['no kid', () => forged({ kid: undefined })],
    ['a kid that nobody has', () => forged({ kid: 'x' })],
    ['the kid of another key', () => forged({ kid: keys.keys[0]?.kid })],
    ['a kid that is no string', () => forged({ kid: [keys.keys[1]?.kid] })],
    ['an extension that must be understood', () => forged({ crit: ['b64'], b64: false })],
    ['other claims', () => `${head}.${encode({ sub: 'root' })}.${signature}`],
    ['claims that are a list', () => forged({}, ['sub'])],
    ['claims that are null', () => forged({}, null)],
    ['an end in the past', () => forged({}, { exp: Math.floor(Date.now() / 1000) })],
    ['an end that is no number', () => forged({}, { exp: '9999999999' })],
    ['a beginning in the future', () => forged({}, { nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['another key', () => sign({ current: make() }, { sub: 'billing' })],
    ['a part more', () => `${token}.${signature}`],
    ['a part less', () => `${head}.${body}`],
    ['a line break', () => `${token}\n`],
    ['padding', () => `${token}==`],
    ['garbage', () => 'a.b.c'],
    ['HS384 with the public key, PEM', () => hmac(publicPem, 'HS384')],
    ['HS512 with the public key, PEM', () => hmac(publicPem, 'HS512')],
    ['HS256 with nothing for a key', () => hmac('')],
    ['none, in other letters', () => `${encode({ ...decode(head), alg: 'nOnE' })}.${body}.`],
    ['no algorithm', () => forged({ alg: undefined })],
    ['null for an algorithm', () => forged({ alg: null })],
    ['a list for an algorithm', () => forged({ alg: [alg] })],
    ['an inherited name for an algorithm', () => forged({ alg: '__proto__' })],
    ['a space after its algorithm', () => forged({ alg: `${alg} ` })],
    ['ES256', () => forged({ alg: 'ES256' })],
    ['PS256', () => forged({ alg: 'PS256' })],
    ['Ed448', () => forged({ alg: 'Ed448' })],
    ['a key of its own in the header', () => byStranger({ jwk: strangerJwk, kid: undefined })],
    ['a key of its own, under a kid of ours', () => byStranger({ jwk: strangerJwk })],
    ['a key set of its own, by its address', () => byStranger({ jku: 'https://evil.example/jwks.json' })],
    ['a certificate of its own', () => byStranger({ x5c: ['MIIB'], x5u: 'https://evil.example/cert.pem' })],
    ['the kid of a stranger', () => byStranger({ kid: strangerJwk.kid })],
    ['a kid that is a path', () => forged({ kid: '../../../../dev/null' })],
    ['a kid that is an inherited name', () => forged({ kid: 'constructor' })],
    ['a kid that is empty', () => forged({ kid: '' })],
    ['a kid that is null', () => forged({ kid: null })],
    ['a kid with something behind it', () => forged({ kid: `${keys.keys[1]?.kid}\u0000` })],
    ['an extension list that is empty', () => forged({ crit: [] })],
    ['an extension list that is null', () => forged({ crit: null })],
    ['claims that are a text', () => forged({}, 'sub')],
    ['claims that are a number', () => forged({}, 5)],
    ['an end that is null', () => forged({}, { exp: null })],
    ['an end that is true', () => forged({}, { exp: true })],
    ['an end that is a list', () => forged({}, { exp: [9_999_999_999] })],
    ['an end before all time', () => forged({}, { exp: -1 })],
    ['an end that is 0', () => forged({}, { exp: 0 })],
    ['a beginning that is a text', () => forged({}, { nbf: '0' })],
    ['a beginning that is null', () => forged({}, { nbf: null })],
    ['a beginning without end', () => forgedText(`{"nbf":1e999}`)],
    ['a signature of nothing but zeros', () => `${head}.${body}.${zeros()}`],
    ['half a signature', () => `${head}.${body}.${signature.slice(0, signature.length / 2)}`],
    ['a signature and something behind it', () => `${head}.${body}.${signature}AAAA`],
    ['a signature with one bit changed', () => `${head}.${body}.${changed()}`],
    ['the signature of another token', () => `${head}.${body}.${forged({}, { sub: 'other' }).split('.')[2]}`],
    ['its signature first', () => `${signature}.${head}.${body}`],
    ['head and claims exchanged', () => `${body}.${head}.${signature}`],
    ['five parts', () => `${head}..${body}.${signature}.${signature}`],
    ['a space before it', () => ` ${token}`],
    ['the scheme before it', () => `Bearer ${token}`],
    ['a second one behind it', () => `${token},${token}`],
    ['its dots written otherwise', () => token.replaceAll('.', '%2E')],
    ['a head that is a list', () => `${encode([decode(head)])}.${body}.${signature}`],
    ['a head that is null', () => `${encode(null)}.${body}.${signature}`],
    ['a head that is no JSON', () => `${Buffer.from('alg').toString('base64url')}.${body}.${signature}`],
    ['claims that are no JSON', () => forgedText('sub=billing')],
    ['nothing for claims', () => `${head}..${signature}`],
  ])('a token with %s is not accepted', (_, make) => expect(verified(keys, make())).toBeUndefined());

  /** Whatever its signature is: a token with these parts, as text. */
  const raw = (header: string, claims = body, tail = signature) => `${header}.${claims}.${tail}`;
  const signedText = (headerText: string, claimsText = '{"sub":"billing"}') => {
    const data = [headerText, claimsText].map((text) => Buffer.from(text).toString('base64url')).join('.');
    return `${data}.${signBytes(hash, Buffer.from(data), secret.current).toString('base64url')}`;
  };
  const headerText = JSON.stringify(decode(head));
  const kid = keys.keys[1]?.kid;
  const flipped = (text: string, at: number) => {
    const bytes = Buffer.from(text, 'base64url');
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    return bytes.toString('base64url');
  };
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = ALPHABET.indexOf(signature.at(-1) ?? '');

  test.each([
    ['an algorithm that is a list', () => forged({ alg: [alg] })],
    ['an algorithm that is an object', () => forged({ alg: { toString: () => alg } })],
    ['an algorithm that is null', () => forged({ alg: null })],
    ['no algorithm', () => forged({ alg: undefined })],
    ['an empty algorithm', () => forged({ alg: '' })],
    ['an algorithm with a blank', () => forged({ alg: `${alg} ` })],
    ['the algorithm nOnE', () => raw(encode({ ...decode(head), alg: 'nOnE' }))],
    ['PS256 for RSA', () => forged({ alg: 'PS256' })],
    ['ES256', () => forged({ alg: 'ES256' })],
    ['a kid that is a path', () => forged({ kid: '../../dev/null' })],
    ['a kid that is SQL', () => forged({ kid: `${kid}' OR '1'='1` })],
    ['a kid in other letters', () => forged({ kid: kid?.toUpperCase().concat('x') })],
    ['a kid with a blank', () => forged({ kid: `${kid} ` })],
    ['an empty kid', () => forged({ kid: '' })],
    ['a kid that is null', () => forged({ kid: null })],
    ['a kid that is __proto__', () => forged({ kid: '__proto__' })],
    ['an empty list of what must be understood', () => forged({ crit: [] })],
    ['a null list of what must be understood', () => forged({ crit: null })],
    ['a key of its own', () => sign({ current: make() }, { sub: 'root' })],
    [
      'a key of its own in its header',
      () => {
        const own = make();
        const jwk = jwks({ current: own }).keys[0];
        const data = `${encode({ ...decode(head), jwk })}.${body}`;
        return `${data}.${signBytes(hash, Buffer.from(data), own).toString('base64url')}`;
      },
    ],
    ['a header that is a list', () => signedText(`[${headerText}]`)],
    ['a header that is null', () => signedText('null')],
    ['a header that is a string', () => signedText(JSON.stringify(headerText))],
    ['a header that is not JSON', () => signedText(`${headerText},`)],
    ['a header with a byte order mark', () => signedText(`\ufeff${headerText}`)],
    ['an algorithm twice, the last another', () => signedText(headerText.replace(/\}$/, ',"alg":"none"}'))],
    ['a kid twice, the last another', () => signedText(headerText.replace(/\}$/, ',"kid":"x"}'))],
    ['claims that are not JSON', () => signedText(headerText, '{"sub":"billing"')],
    ['claims that are a number', () => signedText(headerText, '7')],
    ['claims that are true', () => signedText(headerText, 'true')],
    ['claims that are a token', () => signedText(headerText, JSON.stringify(token))],
    ['an end that is null', () => forged({}, { exp: null })],
    ['an end that is a list', () => forged({}, { exp: [9_999_999_999] })],
    ['an end that is an object', () => forged({}, { exp: { valueOf: 9_999_999_999 } })],
    ['an end that is true', () => forged({}, { exp: true })],
    ['an end at 0', () => forged({}, { exp: 0 })],
    ['an end before 1970', () => forged({}, { exp: -1 })],
    ['an end a millisecond ago', () => forged({}, { exp: (Date.now() - 1) / 1000 })],
    ['a beginning that is a string', () => forged({}, { nbf: '0' })],
    ['a beginning that is null', () => forged({}, { nbf: null })],
    ['a beginning that never comes', () => signedText(headerText, '{"nbf":1e999}')],
    ['an end twice, the last one past', () => signedText(headerText, '{"exp":9999999999,"exp":1}')],
    ['no signature', () => `${head}.${body}.`],
    ['nothing where the header is', () => `.${body}.${signature}`],
    ['nothing where the claims are', () => `${head}..${signature}`],
    ['a signature of zeros', () => raw(head, body, Buffer.alloc(signature.length).toString('base64url'))],
    ['the first bit of the signature changed', () => raw(head, body, flipped(signature, 0))],
    ['the last bit of the signature changed', () => raw(head, body, flipped(signature, -1))],
    ['a bit of the claims changed', () => raw(head, flipped(body, 3))],
    ['a bit of the header changed', () => raw(flipped(head, 3))],
    ['a shorter signature', () => raw(head, body, signature.slice(0, -4))],
    ['a longer signature', () => raw(head, body, `${signature}AAAA`)],
    ['a signature twice', () => raw(head, body, signature + signature)],
    [
      'other bits at the end that say nothing',
      () => raw(head, body, signature.slice(0, -1) + ALPHABET[last + 1]),
    ],
    ['the signature of other claims', () => raw(head, encode({ sub: 'root' }), token.split('.')[2])],
    ['the signature of another token', () => raw(head, body, forged({}, { sub: 'x' }).split('.')[2])],
    [
      'a previous key’s signature',
      () => raw(head, body, sign({ current: secret.previous }, { sub: 'billing' }).split('.')[2]),
    ],
    ['plus and slash in place of minus and underscore', () => raw(head, body, signature.replace(/.$/, '+'))],
    ['a blank before it', () => ` ${token}`],
    ['a scheme before it', () => `Bearer ${token}`],
    ['a dot at the end', () => `${token}.`],
    ['a dot before it', () => `.${token}`],
    ['five parts', () => `${token}.${body}.${signature}`],
    ['a NUL at the end', () => `${token}\0`],
    ['percent signs for its dots', () => token.replaceAll('.', '%2e')],
  ])('a token with %s is not accepted either', (_, make) => {
    expect(make()).not.toBe(token);
    expect(verified(keys, make())).toBeUndefined();
  });

  test.each([undefined, null, 7, {}, [token]])('%j is no token', (value) => {
    expect(verified(keys, value)).toBeUndefined();
  });

  test('one that ends later, and has begun, is accepted', () => {
    const now = Math.floor(Date.now() / 1000);
    expect(verified(keys, forged({}, { exp: now + 60, nbf: now }))).toEqual({ exp: now + 60, nbf: now });
  });

  describe('where clocks may differ by a minute,', () => {
    const now = Math.floor(Date.now() / 1000);
    const taken = (claims: object, options: VerifyOptions = { leewaySeconds: 60 }) =>
      verified(keys, forged({}, claims), options) !== undefined;

    test('one that has ended, or will begin, within that minute is accepted, and by default is not', () => {
      for (const claims of [{ exp: now - 30 }, { nbf: now + 30 }, { exp: now - 30, nbf: now + 30 }]) {
        expect(taken(claims)).toBe(true);
        expect(taken(claims, {})).toBe(false);
        expect(taken(claims, { leewaySeconds: 0 })).toBe(false);
      }
    });

    test('one that ended before it, or begins after it, is not, and none that names no time', () => {
      const late = [{ exp: now - 61 }, { exp: 0 }, { exp: '9999999999' }, { exp: null }];
      for (const claims of [...late, { nbf: now + 120 }, { nbf: '0' }]) expect(taken(claims)).toBe(false);
    });

    test('what is not signed is not, however late it ends', () => {
      const [h, , s] = forged({}, { exp: now - 30 }).split('.');
      const token = `${h}.${encode({ exp: now + 3600 })}.${s}`;
      expect(verified(keys, token, { leewaySeconds: 60 })).toBeUndefined();
    });
  });

  test('a key that is in the set twice is nobody’s', () => {
    expect(verified({ keys: [...keys.keys, keys.keys[1]!] }, token)).toBeUndefined();
  });
});

test.each([-1, 301, '60' as never, Number.NaN, Number.POSITIVE_INFINITY])(
  'a leeway of %p seconds is refused, whatever the token',
  (leewaySeconds) => {
    expect(() => verified({ keys: [] }, 'a.b.c', { leewaySeconds })).toThrow(
      new RangeError('leewaySeconds must be a number from 0 to 300'),
    );
  },
);

test('a symmetric key in the set accepts nothing', () => {
  const shared = {
    kty: 'oct',
    k: Buffer.from('shared').toString('base64url'),
    kid: 'shared',
    alg: 'HS256',
    use: 'sig',
  };
  const data = ['{"alg":"HS256","kid":"shared"}', '{}']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  const token = `${data}.${createHmac('sha256', 'shared').update(data).digest('base64url')}`;
  expect(verified({ keys: [shared as unknown as PublicJwk] }, token)).toBeUndefined();
});

test('RSA of less than 2048 bits is neither signed with nor verified', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  expect(() => sign({ current: pem(privateKey) }, {})).toThrow('"current" is not a private key');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256', use: 'sig' } as PublicJwk;
  const data = ['{"alg":"RS256","kid":"weak"}', '{}']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  const token = `${data}.${signBytes('sha256', Buffer.from(data), privateKey).toString('base64url')}`;
  expect(verified({ keys: [jwk] }, token)).toBeUndefined();
});

test.each([{}, { current: 'crr-4Hn8-2zty' }, { current: pem(generateKeyPairSync('x25519').privateKey) }])(
  'what is no signing key is not quoted',
  (secret) => {
    const thrown = () => sign(secret, {});
    expect(thrown).toThrow(
      /^"current" is not a private key \(Ed25519, or RSA with at least 2048 bits, in PEM\)$/,
    );
  },
);

test.each(['verify/index.ts', 'sign/index.ts', 'keys.ts', 'slots.ts'])(
  '%s loads nothing but node:crypto and its neighbours',
  (file) => {
    const code = readFileSync(join(__dirname, '../../../rotators/service-token', file), 'utf8');
    const loaded = [...code.matchAll(/^(?! \*).* from '([^']+)'/gm)].map(([, from]) => from);
    const allowed = ['node:crypto', './verify/index.js', '../verify/index.js', '../keys.js', '../slots.js'];
    for (const from of loaded) expect(allowed).toContain(from);
    expect(loaded.length > 0).toBe(file !== 'slots.ts');
  },
);
