import type { GetSecretValueRequest, GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';
import { isRotationError } from '../errors.js';
import type { Json } from '../json.js';
import { type HiddenValues, stringsIn } from '../redact/hidden-values.js';
import type { LabelledVersion } from '../rotator.js';
import { literalsIn, readSecretString, type SecretString } from './secret-string.js';
import { isRefusal, type SecretsManagerApi } from './secrets-manager.js';

/** What is known of a secret's fields. Of another secret it is no more than what it shows: all the rest is hidden. */
interface Declared {
  readonly shows: readonly string[];
  readonly rotates?: readonly string[];
  readonly mayRotate?: readonly string[];
  /** The field that the whole of a plain text is. */
  readonly text?: string;
}

interface Source {
  readonly client: SecretsManagerApi;
  readonly hidden: HiddenValues;
  readonly rotator: Declared;
  readonly secretId: string;
}

/**
 * The gate for the values of secrets: the engine, the keys and the rotators call GetSecretValue nowhere else. So whatever
 * was read is redacted before anybody has it, and what cannot be read is redacted whole.
 */
export interface SecretValues {
  /**
   * Reads a version of the secret, by its id, by a label, or by both.
   *
   * @param owner the label if the version is read by its id, so that errors name what was looked for
   * @throws RotationError `ERR_SECRET_MALFORMED`, `ERR_DUPLICATE_KEYS`, or what Secrets Manager refuses with
   */
  read(
    version: Pick<GetSecretValueRequest, 'VersionId' | 'VersionStage'>,
    owner?: string,
  ): Promise<SecretString>;
  /** Reads all versions that have a label now, in two round trips. */
  readAll(): Promise<readonly LabelledVersion[]>;
  /** Reads AWSCURRENT of another secret, which must be a JSON object. */
  other(secretId: string, shows: readonly string[]): Promise<Json>;
  /** Reads a text that is to be stored, as `read` will. */
  readText(text: string, owner: string): SecretString;
}

export function secretValues({ client, hidden, rotator, secretId }: Source): SecretValues {
  return {
    read,
    async readAll() {
      const { VersionIdsToStages = {} } = await client.describeSecret({ SecretId: secretId });
      return Promise.all(
        Object.entries(VersionIdsToStages).map(async ([id, labels]) => {
          const stored = await secretOrNone(read({ VersionId: id }));
          return { id, labels, json: stored?.json };
        }),
      );
    },
    other: async (SecretId, shows) => (await get({ SecretId }, `AWSCURRENT of ${SecretId}`, { shows })).json,
    readText: (text, owner) => take({ SecretString: text }, owner, rotator),
  };

  function read(
    version: Pick<GetSecretValueRequest, 'VersionId' | 'VersionStage'>,
    owner = version.VersionStage ?? `version ${version.VersionId}`,
  ): Promise<SecretString> {
    return get({ SecretId: secretId, ...version }, owner, rotator);
  }

  async function get(input: GetSecretValueRequest, owner: string, declared: Declared): Promise<SecretString> {
    return take(await client.getSecretValue(input), owner, declared);
  }

  function take(
    answer: GetSecretValueResponse,
    owner: string,
    { shows, rotates, mayRotate = [], text }: Declared,
  ): SecretString {
    try {
      const stored = readSecretString(answer, owner, text);
      hidden.hideFields(stored.json, shows, rotates && [...rotates, ...mayRotate]);
      return stored;
    } catch (error) {
      hideWhole(answer);
      throw error;
    }
  }

  /** Nobody knows what of it is a secret. The service may have taken it all the same, and quote it. */
  function hideWhole({ SecretString, SecretBinary }: GetSecretValueResponse): void {
    const bytes = SecretBinary instanceof Uint8Array && String(Buffer.from(SecretBinary));
    for (const text of stringsIn([SecretString, bytes])) {
      hidden.hideFields({ parts: [text.trim(), ...literalsIn(text)] }, []);
    }
  }
}

/** Whether a value was never a secret of this rotator's, or is gone: it is no help, but no obstacle either. */
export function isNoSecret(error: unknown): boolean {
  if (isRefusal(error, 'ResourceNotFoundException')) return true;
  return isRotationError(error) && ['ERR_SECRET_MALFORMED', 'ERR_DUPLICATE_KEYS'].includes(error.code);
}

/** `undefined` for what is no secret of this rotator's. */
export function secretOrNone<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if (isNoSecret(error)) return undefined;
    throw error;
  });
}
