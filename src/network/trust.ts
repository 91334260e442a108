import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/**
 * Files with certificate authorities: those of RDS in Lambda's Node.js runtimes, which Node does not load by default, and the
 * system's on Debian, Amazon Linux and macOS.
 */
const FILES = [
  '/var/runtime/ca-cert.pem',
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/cert.pem',
  '/etc/ssl/cert.pem',
];

/** Certificate with which a client identifies itself. */
export interface ClientCertificate {
  /** Certificate, and the intermediate certificates up to an authority that the server trusts, PEM. */
  readonly cert: string;
  /** Private key of the certificate, PEM. */
  readonly key: string;
}

const contexts = new Map<string, SecureContext>();

/**
 * Returns the TLS context (1.2 or later) for connections to a server whose certificate is from one of the given authorities.
 * Each container makes a context once, because that takes longer than a login.
 *
 * @param ca certificate authorities, PEM; by default Node's own, those of NODE_EXTRA_CA_CERTS, of RDS and of the system
 * @param certificate certificate of the client, if the server asks for one
 *
 * @example
 * ```ts
 * const connectTo = (host: string, port: number) =>
 *   connect({ host, port, servername: host, secureContext: tlsContext(undefined) });
 * ```
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
  // Several files contain the same authority, with other line breaks.
  const unique = new Map(found.map((pem) => [pem.replace(/\s/g, ''), pem]));
  return [...unique.values()].filter((pem) => pem.includes('-----BEGIN CERTIFICATE-----'));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // No machine has all of them. Without the right one, the server is not trusted.
  }
}
