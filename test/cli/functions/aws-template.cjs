// A rotation function as people write them for AWS: it knows its event, makes its own client, and nothing of Quarterturn.
const {
  SecretsManagerClient,
  DescribeSecretCommand,
  GetSecretValueCommand,
  GetRandomPasswordCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} = require('@aws-sdk/client-secrets-manager');

const client = new SecretsManagerClient({});

exports.handler = async ({ SecretId, ClientRequestToken, Step }) => {
  const metadata = await client.send(new DescribeSecretCommand({ SecretId }));
  if (!metadata.RotationEnabled) throw new Error(`Secret ${SecretId} is not enabled for rotation`);
  const versions = metadata.VersionIdsToStages;
  if (!versions[ClientRequestToken]) throw new Error('Secret version has no stage for rotation');
  if (versions[ClientRequestToken].includes('AWSCURRENT')) return;
  if (!versions[ClientRequestToken].includes('AWSPENDING'))
    throw new Error('Secret version is not AWSPENDING');
  if (Step === 'createSecret') {
    const { SecretString } = await client.send(
      new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }),
    );
    try {
      await client.send(
        new GetSecretValueCommand({ SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' }),
      );
    } catch (error) {
      if (error.name !== 'ResourceNotFoundException') throw error;
      const { RandomPassword } = await client.send(
        new GetRandomPasswordCommand({ ExcludeCharacters: '/@"\'\\' }),
      );
      const value = { ...JSON.parse(SecretString), password: RandomPassword };
      await client.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          SecretString: JSON.stringify(value),
          VersionStages: ['AWSPENDING'],
        }),
      );
    }
  }
  if (Step !== 'createSecret') {
    await client.send(
      new GetSecretValueCommand({ SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' }),
    );
  }
  if (Step === 'finishSecret') {
    const current = Object.keys(versions).find((id) => versions[id].includes('AWSCURRENT'));
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: current,
      }),
    );
  }
};
