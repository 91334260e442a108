import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { CommandRig, until } from './command.js';

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function';

/** `quarterturn local` for the tests of a file: processes of its own, in a folder that each test begins anew. */
export class LocalCommand {
  readonly #clients = new Set<SecretsManager>();
  #rig: CommandRig | undefined;

  /** @param secrets what no command may print, whatever it is given */
  constructor(...secrets: readonly string[]) {
    beforeEach(async () => {
      this.#rig = await CommandRig.make(...secrets);
    });
    afterEach(async () => {
      for (const client of this.#clients) client.destroy();
      this.#clients.clear();
      await this.rig.end();
    });
  }

  get rig(): CommandRig {
    if (!this.#rig) throw new Error('no test is under way');
    return this.#rig;
  }

  readonly file = (name: string): string => join(this.rig.folder, name);

  readonly seed = async (secrets: object): Promise<string> => {
    await writeFile(this.file('seed.json'), JSON.stringify(secrets));
    return this.file('seed.json');
  };

  readonly run = (...args: string[]) => this.rig.run('local', '--port', '0', ...args);

  readonly listening = (...args: string[]) => this.listeningWith({}, ...args);

  /** As soon as it listens, and a client that was told nothing but the URL. */
  readonly listeningWith = async (env: Record<string, string>, ...args: string[]) => {
    const started = this.rig.start(['local', '--port', '0', ...args], env);
    const { output } = started;
    await until(() => /For clients:[\s\S]*\n\n[\s\S]*\n\n|quarterturn: /.test(output.stdout + output.stderr));
    const [, endpoint] = /AWS_ENDPOINT_URL_SECRETS_MANAGER=(\S+)/.exec(output.stdout) ?? [];
    if (!endpoint) throw new Error(`it does not listen: ${output.stderr}`);
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SecretsManager({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
    this.#clients.add(client);
    const value = async (SecretId: string, VersionStage = 'AWSCURRENT') =>
      (await client.getSecretValue({ SecretId, VersionStage })).SecretString ?? '';
    const rotate = async (SecretId: string, name: string) => {
      const { VersionId } = await client.rotateSecret({ SecretId, RotationLambdaARN: `${ARN}:${name}` });
      return VersionId;
    };
    const said = (text: string | RegExp) => until(() => new RegExp(text).test(output.stdout));
    return { ...started, endpoint, client, value, rotate, said };
  };
}
