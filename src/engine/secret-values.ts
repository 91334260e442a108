import type { GetSecretValueRequest, GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';
import { isRotationError } from '../errors.js';
import type { Json } from '../json.js';
import { type HiddenValues, stringsIn } from '../redact/hidden-values.js';
import type { LabelledVersion } from '../rotator.js';
import { literalsIn, readSecretString, type SecretString } from './secret-string.js';
import { isRefusal, type SecretsManagerApi } from './secrets-manager.js';

/** What the engine knows about a secret's fields: about another secret only `shows`, so that all else is hidden. */
interface Declared {
  readonly shows: readonly string[];
  readonly rotates?: readonly string[];
  /** Field that holds the whole of a plain text. */
  readonly text?: string;
}

interface Source {
  readonly client: SecretsManagerApi;
  readonly hidden: HiddenValues;
  readonly rotator: Declared;
  readonly secretId: string;
}

/**
 * The only caller of GetSecretValue in the engine, the keys and the rotators. It hides whatever it reads before anybody gets
 * it, and hides a malformed value as a whole.
 */
export interface SecretValues {
  /**
   * Reads a version of the secret by its id, by a label, or by both.
   *
   * @param owner name of the version in errors; by default its label, else its id
   * @throws {@link RotationError} `ERR_SECRET_MALFORMED`, `ERR_DUPLICATE_KEYS`, or the failure of the call
   */
  read(
    version: Pick<GetSecretValueRequest, 'VersionId' | 'VersionStage'>,
    owner?: string,
  ): Promise<SecretString>;
  /** Reads every version that has a label now, in two round trips. */
  readAll(): Promise<readonly LabelledVersion[]>;
  /** Reads AWSCURRENT of another secret, which must be a JSON object. */
  other(secretId: string, shows: readonly string[]): Promise<Json>;
  /** Reads a text before it is stored, as `read` will read it afterwards. */
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
    { shows, rotates, text }: Declared,
  ): SecretString {
    try {
      const stored = readSecretString(answer, owner, text);
      hidden.hideFields(stored.json, shows, rotates);
      return stored;
    } catch (error) {
      hideWhole(answer);
      throw error;
    }
  }

  /** Any part of it may be a secret, and the service may have accepted it and quote it. */
  function hideWhole({ SecretString, SecretBinary }: GetSecretValueResponse): void {
    const bytes = SecretBinary instanceof Uint8Array && String(Buffer.from(SecretBinary));
    for (const text of stringsIn([SecretString, bytes])) {
      hidden.hideFields({ parts: [text.trim(), ...literalsIn(text)] }, []);
    }
  }
}

/** Returns whether an error means that a value is gone or is not a secret of this rotator, which a rotation can ignore. */
export function isNoSecret(error: unknown): boolean {
  if (isRefusal(error, 'ResourceNotFoundException')) return true;
  return isRotationError(error) && ['ERR_SECRET_MALFORMED', 'ERR_DUPLICATE_KEYS'].includes(error.code);
}

/** Returns `undefined` for a value that is gone or not a secret of this rotator. */
export function secretOrNone<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if (isNoSecret(error)) return undefined;
    throw error;
  });
}
