import { LocalSecretsManager } from '../../src/testing/index.js';
import { LambdaRuntime } from './lambda-runtime.js';

/** A bundle that is the rotation function of a secret, in a local Secrets Manager behind a socket. */
export async function deploy(bundle: string, secretString: string, env: Record<string, string> = {}) {
  const secrets = new LocalSecretsManager({ strict: true });
  const listener = await secrets.listen();
  const runtime = await LambdaRuntime.start(bundle, { SECRETS_MANAGER_ENDPOINT: listener.url, ...env });
  const RotationLambdaARN = secrets.addFunction('rotate', (event, context) => runtime.invoke(event, context));
  await secrets.createSecret({ Name: 'app', SecretString: secretString });
  return {
    secrets,
    runtime,
    async rotate() {
      await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN });
      return secrets.rotation('app').run();
    },
    async value(VersionStage: string) {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'app', VersionStage });
      return JSON.parse(SecretString);
    },
    /** What the function has logged: lines of JSON, and nothing else. */
    logged: () => {
      const lines = runtime.output.stdout.trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line));
    },
    async stop(): Promise<void> {
      await runtime.stop();
      await listener.close();
    },
  };
}
