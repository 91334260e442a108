import { execFileSync } from 'node:child_process';
import { chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';
const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
const EC = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const PSS = ['-sigopt', 'rsa_padding_mode:pss'];

/** What OpenSSL makes the key with, and what it signs the certificate with. */
const KINDS = {
  'RSA and SHA-256': [RSA, ['-sha256']],
  'RSA and SHA-384': [RSA, ['-sha384']],
  'RSA and SHA-1': [RSA, ['-sha1']],
  'ECDSA and SHA-256': [EC, ['-sha256']],
  'ECDSA and SHA-512': [EC, ['-sha512']],
  'RSASSA-PSS and SHA-256': [RSA, ['-sha256', ...PSS]],
  'a key for RSASSA-PSS alone': [
    ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ['-sha256'],
    true,
  ],
  'RSASSA-PSS and SHA-224': [RSA, ['-sha224', ...PSS]],
  'RSASSA-PSS with two hash functions': [RSA, ['-sha256', ...PSS, '-sigopt', 'rsa_mgf1_md:sha512']],
  'RSA and SHA3-256': [RSA, ['-sha3-256']],
  Ed25519: [['-algorithm', 'ed25519'], []],
  Ed448: [['-algorithm', 'ed448'], []],
} as const;

/** A certificate that signs itself, and its key, PEM. */
async function certificateOf(key: readonly string[], signature: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'certificate-'));
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  openssl('genpkey', ...key, '-out', 'key.pem');
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    'key.pem',
    '-days',
    '2',
    ...names,
    '-out',
    'cert.pem',
    ...signature,
  );
  const [pem, cert] = await Promise.all(
    ['key.pem', 'cert.pem'].map((name) => readFile(join(directory, name), 'utf8')),
  );
  await rm(directory, { recursive: true });
  return { key: String(pem), cert: String(cert) };
}

test.each(Object.entries(KINDS))(
  'a server whose certificate is of %s is logged in to',
  async (_, [key, signature]) => {
    const pair = await certificateOf(key, signature);
    const server = await startTestServer({
      settings: { ssl: 'on', ssl_cert_file: 'own.pem', ssl_key_file: 'own.key' },
      async prepare(directory) {
        const { uid, gid } = await stat(directory);
        for (const [name, text] of [
          ['own.pem', pair.cert],
          ['own.key', pair.key],
        ] as const) {
          await writeFile(join(directory, name), text, { mode: 0o600 });
          await chown(join(directory, name), uid, gid);
        }
      },
    });
    try {
      await server.sql(`CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
      const secret = server.secret('app', FIRST, { host: 'localhost', ssl: undefined });
      const { begin, rotation } = await postgresRig(secret, { ca: pair.cert });
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    } finally {
      await server.stop();
    }
  },
);
