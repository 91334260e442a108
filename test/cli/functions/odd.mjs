// Functions that do what functions should not; which, the secret says.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

const client = new SecretsManagerClient({});

export const handler = async ({ SecretId, Step }, context) => {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  const { does, password } = JSON.parse(SecretString);
  process.stdout.write(`${Step} of ${context.functionName} knows ${password}\n`);
  if (does === 'quit') process.exit(3);
  if (does === 'spin') for (;;);
  if (does === 'throw') throw new Error(`cannot use ${password}`);
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN } = process.env;
  if (does === 'tell') throw new Error(`has ${[AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN]}`);
  if (does === 'flood') process.stdout.write('x'.repeat(1_000_000));
  if (does === 'throw lines') throw new Error('first\nsecond\u001b[31m');
  if (does === 'lie') process.send('done');
  if (does === 'lie') throw new Error(`cannot use ${password}`);
  if (does === 'peek') {
    const other = await client.send(new GetSecretValueCommand({ SecretId: 'master' }));
    throw new Error(`cannot use ${other.SecretString} of another secret`);
  }
  if (does === 'throw nothing') throw undefined;
  if (does === 'wait') await new Promise((resolve) => setTimeout(resolve, 700));
};
