import type { Tag } from '@aws-sdk/client-secrets-manager';
import { alternatingUsers, postgres, type SingleUserOptions } from '../../rotators/postgres/index.js';
import type { SecretsManagerApi } from '../../src/index.js';
import { LocalSecretsManager, type Rig, rig } from '../../src/testing/index.js';

/** A secret for a role of a real server, and a Postgres rotator to rotate it: alternating users, if it is given pairs. */
export async function postgresRig(
  secretString: string,
  {
    client,
    lambdaTimeoutMs: timeoutMs,
    administrator,
    tags = [],
    pairs,
    cloneMayDiffer = false,
    ...options
  }: SingleUserOptions & {
    client?: (secrets: LocalSecretsManager) => SecretsManagerApi;
    lambdaTimeoutMs?: number;
    /** The SecretString of the secret "admin". */
    administrator?: string;
    /** Its tags. */
    tags?: readonly Tag[];
    pairs?: Readonly<Record<string, string>>;
    cloneMayDiffer?: boolean;
  } = {},
) {
  const secrets = new LocalSecretsManager({ ...(timeoutMs !== undefined && { timeoutMs }) });
  if (administrator !== undefined) {
    await secrets.createSecret({ Name: 'admin', SecretString: administrator, Tags: [...tags] });
  }
  const common = { name: 'db', secret: secretString, secrets, ...(client && { client: client(secrets) }) };
  const rigged = pairs
    ? await rig(alternatingUsers({ ...options, pairs, cloneMayDiffer }), common)
    : await rig(postgres(options), common);
  return databaseRig(rigged);
}

/** What tests of databases also ask of a rig. */
export function databaseRig<Secret extends object>(rigged: Rig<Secret>) {
  const { secrets, secretId: SecretId, begin, secretString } = rigged;
  return {
    ...rigged,
    rotation: () => secrets.rotation(SecretId),
    text: secretString,
    password: async (label: string): Promise<string> => JSON.parse(await secretString(label)).password,
    /** Begins a rotation whose AWSPENDING is written by hand, or by another function. */
    async beginWith(SecretString: string): Promise<string> {
      const ClientRequestToken = await begin();
      const pending = { SecretId, ClientRequestToken, SecretString, VersionStages: ['AWSPENDING'] };
      await secrets.putSecretValue(pending);
      return ClientRequestToken;
    },
  };
}
