import { createHash } from 'node:crypto';

const RSA = '2a864886f70d0101';
const ECDSA = '2a8648ce3d04';
const PSS = `${RSA}0a`;
const MGF1 = `${RSA}08`;
const SHA2 = '6086480165030402';

/** Hash functions by the identifier of the signature's algorithm, in hexadecimal. SHA-256 replaces MD5 and SHA-1 (RFC 5929). */
const OF_SIGNATURES: Readonly<Record<string, string>> = {
  [`${RSA}04`]: 'sha256',
  [`${RSA}05`]: 'sha256',
  [`${RSA}0b`]: 'sha256',
  [`${RSA}0c`]: 'sha384',
  [`${RSA}0d`]: 'sha512',
  [`${RSA}0e`]: 'sha224',
  [`${ECDSA}01`]: 'sha256',
  [`${ECDSA}0301`]: 'sha224',
  [`${ECDSA}0302`]: 'sha256',
  [`${ECDSA}0303`]: 'sha384',
  [`${ECDSA}0304`]: 'sha512',
};

/** Hash functions by their identifier. Servers support no others with RSASSA-PSS. */
const OF_HASHES: Readonly<Record<string, string>> = {
  [`${SHA2}01`]: 'sha256',
  [`${SHA2}02`]: 'sha384',
  [`${SHA2}03`]: 'sha512',
};

/**
 * Returns the channel binding `tls-server-end-point`: a hash of the server's certificate, with the hash function of its signature.
 *
 * @param certificate in DER
 * @returns `undefined` if the signature has no hash function (Ed25519, Ed448), more than one, or one that not every server
 *   supports (SHA-3): the two sides could not agree then
 */
export function endPointOf(certificate: Buffer): Buffer | undefined {
  const [whole] = valuesIn(certificate);
  const [, algorithm] = valuesIn(whole?.content ?? certificate);
  const [signature = '', ...parameters] = identifiersIn(algorithm?.content ?? Buffer.alloc(0));
  const hash = signature === PSS ? ofPss(parameters) : OF_SIGNATURES[signature];
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest();
}

/** RSASSA-PSS hashes twice, perhaps with two functions. */
function ofPss([hash = '', mask, ofMask]: readonly string[]): string | undefined {
  return mask === MGF1 && ofMask === hash ? OF_HASHES[hash] : undefined;
}

/** Returns the object identifiers in DER, in their order. */
function identifiersIn(der: Buffer): readonly string[] {
  return valuesIn(der).flatMap(({ tag, content }) => {
    if (tag === 0x06) return [content.toString('hex')];
    const isOfOthers = (tag & 0x20) !== 0;
    return isOfOthers ? identifiersIn(content) : [];
  });
}

/** Returns the values of a DER sequence. */
function valuesIn(der: Buffer): readonly { readonly tag: number; readonly content: Buffer }[] {
  const found = [];
  for (let place = 0; place + 2 <= der.length; ) {
    const first = der.readUInt8(place + 1);
    const bytes = first < 0x80 ? 0 : first & 0x7f;
    const start = place + 2 + bytes;
    const length = bytes === 0 ? first : der.readUIntBE(place + 2, bytes);
    found.push({ tag: der.readUInt8(place), content: der.subarray(start, start + length) });
    place = start + length;
  }
  return found;
}
