import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/**
 * Where certificate authorities are kept: those of RDS in Lambda's Node.js runtimes, which Node loads only if told to,
 * and the system's on Debian, Amazon Linux and macOS.
 */
const FILES = [
  '/var/runtime/ca-cert.pem',
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/cert.pem',
  '/etc/ssl/cert.pem',
];

/** What a client shows of itself. */
export interface ClientCertificate {
  /** The certificate, and what leads from it to the authority that the server knows, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
}

const contexts = new Map<string, SecureContext>();

/**
 * Returns the TLS context (1.2 or newer) for connections to a server whose certificate must be from one of the given
 * authorities, PEM; by default from one of Node's own, those of NODE_EXTRA_CA_CERTS, of RDS and of the system. Made once
 * a container, since it takes longer than a login.
 *
 * @param certificate what the client shows of itself, if the server asks for that
 */
export function tlsContext(
  ca: string | readonly string[] | undefined,
  certificate?: ClientCertificate,
): SecureContext {
  const key = [ca ?? 'default', certificate?.cert, certificate?.key].flat().join('\n');
  const made = () => createSecureContext({ ca: authorities(ca), ...certificate, minVersion: 'TLSv1.2' });
  const context = contexts.get(key) ?? made();
  contexts.set(key, context);
  return context;
}

function authorities(ca: string | readonly string[] | undefined): string[] {
  if (ca !== undefined) return [ca].flat();
  const files = [process.env.NODE_EXTRA_CA_CERTS, ...FILES].map((path) => (path ? readIfThere(path) : ''));
  const found = [...rootCertificates, ...files.join('\n').split(/(?<=-----END CERTIFICATE-----)/)];
  // The same authority stands in several of them, with other line breaks.
  const unique = new Map(found.map((pem) => [pem.replace(/\s/g, ''), pem]));
  return [...unique.values()].filter((pem) => pem.includes('-----BEGIN CERTIFICATE-----'));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Each is there on some machines only; without the right one the server is not trusted.
  }
}
