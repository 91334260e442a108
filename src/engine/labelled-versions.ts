import type { Json } from '../json.js';
import type { Redactor } from '../redact/redactor.js';
import type { LabelledVersion } from '../rotator.js';
import { readSecretString } from './secret-string.js';
import { isNoSecret } from './secret-values.js';
import type { SecretsManagerApi } from './secrets-manager.js';

interface Source {
  readonly rotator: {
    readonly rotates: readonly string[];
    readonly shows: readonly string[];
    readonly text?: string;
  };
  readonly client: SecretsManagerApi;
  readonly secretId: string;
  readonly redactor: Redactor;
}

/** Reads all versions that have a label now, in two round trips. */
export async function readVersions({
  rotator,
  client,
  secretId,
  redactor,
}: Source): Promise<readonly LabelledVersion[]> {
  const { VersionIdsToStages = {} } = await client.describeSecret({ SecretId: secretId });
  return Promise.all(
    Object.entries(VersionIdsToStages).map(async ([id, labels]) => ({ id, labels, json: await read(id) })),
  );

  async function read(id: string): Promise<Json | undefined> {
    try {
      const answer = await client.getSecretValue({ SecretId: secretId, VersionId: id });
      const { json } = readSecretString(answer, `version ${id}`, rotator.text);
      redactor.hideFields(json, rotator.shows, rotator.rotates);
      return json;
    } catch (error) {
      if (isNoSecret(error)) return undefined;
      throw error;
    }
  }
}
