import { createHash, randomBytes } from 'node:crypto';
import type { StepContext } from '../rotator.js';

/** Names for the keys of a secret's rotations. */
export interface KeyNames {
  /** Returns a name that no other attempt uses. */
  next(): string;
  isOfThisRotation(name: string | undefined): boolean;
  isOfThisSecret(name: string | undefined): boolean;
}

/** Characters of `-<attempt>`. */
const ATTEMPT = 9;
/** Characters of `-<token>`: a UUID as it is, or its hash if the UUID would leave too little for the secret. */
const WHOLE_TOKEN = 37;
const HASHED_TOKEN = 17;
/** Characters of the hash at the end of a shortened secret's part. */
const SECRET_HASH = 12;
const SHORTEST = ATTEMPT + HASHED_TOKEN + SECRET_HASH + 2;
const SHORTEST_WITH_TOKEN = ATTEMPT + WHOLE_TOKEN + SECRET_HASH + 2;

/**
 * Returns a function that makes names `<secret>-<token>-<attempt>`, of letters, digits, `-`, `_` and `.`. The secret's part is
 * the end of its ARN, whose six random characters are unique.
 *
 * @param maxLength must stay the same for all rotations of a secret: another length finds no earlier leftovers
 * @throws RangeError
 */
export function keyNames(maxLength: number): (rotation: Pick<StepContext, 'secretId' | 'token'>) => KeyNames {
  if (!Number.isInteger(maxLength) || maxLength < SHORTEST) {
    throw new RangeError(`names of keys need a maximum length of at least ${SHORTEST}`);
  }
  const isWhole = maxLength >= SHORTEST_WITH_TOKEN;
  const room = maxLength - ATTEMPT - (isWhole ? WHOLE_TOKEN : HASHED_TOKEN);
  // Of fixed form, so that it does not match the names of a secret whose name begins like this one's.
  const rest = isWhole ? /^[\w-]{32,36}-[0-9a-f]{8}$/ : /^[0-9a-f]{16}-[0-9a-f]{8}$/;
  return ({ secretId, token: ClientRequestToken }) => {
    const secret = `${secretPart(secretId, room)}-`;
    const rotation = `${secret}${isWhole ? tokenPart(ClientRequestToken) : hash(ClientRequestToken, 16)}-`;
    return {
      next: () => rotation + randomBytes(4).toString('hex'),
      isOfThisRotation: (name = '') => isOfThisSecret(name) && name.startsWith(rotation),
      isOfThisSecret: (name = '') => isOfThisSecret(name),
    };
    function isOfThisSecret(name: string): boolean {
      return name.startsWith(secret) && rest.test(name.slice(secret.length));
    }
  };
}

function secretPart(secretId: string, room: number): string {
  const end = secretId.slice(secretId.lastIndexOf(':') + 1).replace(/[^\w.-]/g, '-');
  if (end.length <= room) return end;
  return `${end.slice(0, room - SECRET_HASH - 1)}-${hash(secretId, SECRET_HASH)}`;
}

/** Returns the token, or its hash if it is longer than a UUID or has characters that some providers refuse in names. */
function tokenPart(ClientRequestToken: string): string {
  return /^[\w-]{32,36}$/.test(ClientRequestToken) ? ClientRequestToken : hash(ClientRequestToken, 32);
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
