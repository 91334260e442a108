import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Listener, LocalSecretsManager, type Observation } from '../../src/testing/index.js';
import { CommandRig, until } from './command.js';

const DAY = 86_400_000;

/** What the values of all secrets are made of: no command of an operator may print it. */
export const VALUE = 'kT7-wrong-horse-battery-Qz';

/** Operators' commands, in their own processes, against a local Secrets Manager over a socket. */
export class OperatorRig {
  /** The clock of the secrets stands where the test has put it; that of the command runs. */
  readonly secrets: LocalSecretsManager;
  readonly functionArn: string;
  readonly command: CommandRig;
  /** The operations that were asked for since `calls` was emptied. */
  readonly calls: string[];
  readonly #listener: Listener;
  /** What the rotation function does in setSecret. */
  setSecret: () => unknown = () => {};

  private constructor(
    secrets: LocalSecretsManager,
    listener: Listener,
    command: CommandRig,
    calls: string[],
  ) {
    this.calls = calls;
    this.secrets = secrets;
    this.command = command;
    this.#listener = listener;
    this.functionArn = secrets.addFunction('rotate', (event) => this.#rotate(event));
  }

  /** @param daysAgo when the clock stands; absent: it is the machine's, and rotations follow by themselves */
  static async make(daysAgo?: number): Promise<OperatorRig> {
    const settings = daysAgo === undefined ? { automatic: true } : { standsAt: before(daysAgo) };
    const calls: string[] = [];
    const observe = (seen: Observation) => {
      if (seen.kind === 'call') calls.push(String(seen.operation));
    };
    const secrets = new LocalSecretsManager({ ...settings, observe });
    const command = await CommandRig.make(VALUE);
    return new OperatorRig(secrets, await secrets.listen(), command, calls);
  }

  async end(): Promise<void> {
    await this.#listener.close();
    await this.command.end();
  }

  get url(): string {
    return this.#listener.url;
  }

  /** All that a command finds in its environment: neither this machine's configuration nor its terminal. */
  get env(): Record<string, string | undefined> {
    return {
      ...cleanEnvironment(this.command.folder),
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'eu-west-1',
    };
  }

  readonly run = (...args: readonly string[]) => this.runWith({}, ...args);

  readonly runWith = (env: Record<string, string | undefined>, ...args: readonly string[]) =>
    this.command.start(args, { ...this.env, ...env }).end;

  readonly shell = async (line: string, env: Record<string, string | undefined> = {}) =>
    this.command.shell(line, { ...this.env, ...env });

  /** Runs a line on a terminal that is so wide, at which a person can type. */
  readonly onTerminal = async (line: string, env: Record<string, string | undefined> = {}, columns = 100) => {
    await writeFile(join(this.command.folder, 'line.sh'), `stty cols ${columns}\n${line}\n`);
    // The pipe has a writer for as long as the line runs: its end would be an answer.
    const started = await this.shell("mkfifo keys; exec 3<>keys; script -qefc 'bash line.sh' /dev/null <&3", {
      ...{ TERM: 'xterm', ...env },
    });
    /** Types, as soon as the terminal shows something. */
    const type = async (keys: string, after: string) => {
      await until(() => started.output.stdout.includes(after));
      await writeFile(join(this.command.folder, 'keys'), keys);
    };
    return { ...started, type };
  };

  async add(name: string, tags: Readonly<Record<string, string>> = {}): Promise<string> {
    const { ARN = '' } = await this.secrets.createSecret({
      Name: name,
      SecretString: JSON.stringify({ password: VALUE }),
      ...(Object.keys(tags).length > 0 && {
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    });
    return ARN;
  }

  /** Begins a rotation every 30 days, without a step of it. */
  async begin(name: string): Promise<void> {
    await this.secrets.rotateSecret({
      SecretId: name,
      RotationLambdaARN: this.functionArn,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
  }

  /** Turns a schedule on that begins with a test of AWSCURRENT alone. */
  async schedule(name: string): Promise<void> {
    await this.secrets.rotateSecret({
      SecretId: name,
      RotationLambdaARN: this.functionArn,
      RotationRules: { AutomaticallyAfterDays: 30 },
      RotateImmediately: false,
    });
    await this.secrets.idle();
  }

  async rotate(name: string): Promise<void> {
    await this.begin(name);
    await this.secrets.rotation(name).run();
  }

  /** The first eight characters of the version that has a label. */
  async idOf(name: string, label: string): Promise<string> {
    const { VersionIdsToStages = {} } = await this.secrets.describeSecret({ SecretId: name });
    const [id = ''] = Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label)) ?? [];
    return id.slice(0, 8);
  }

  async #rotate({
    Step,
    SecretId,
    ClientRequestToken,
  }: {
    Step: string;
    SecretId: string;
    ClientRequestToken: string;
  }) {
    if (Step === 'createSecret') {
      await this.secrets.putSecretValue({
        ...{ SecretId, ClientRequestToken, VersionStages: ['AWSPENDING'] },
        SecretString: JSON.stringify({ password: `${VALUE}-2` }),
      });
    }
    if (Step === 'setSecret') await this.setSecret();
    if (Step === 'finishSecret') {
      const { VersionIdsToStages = {} } = await this.secrets.describeSecret({ SecretId });
      const current = Object.keys(VersionIdsToStages).find((id) =>
        VersionIdsToStages[id]?.includes('AWSCURRENT'),
      );
      await this.secrets.updateSecretVersionStage({
        ...{ SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken },
        ...(current !== undefined && { RemoveFromVersionId: current }),
      });
    }
  }
}

/** So many days before now. */
export function before(days: number): Date {
  return new Date(Date.now() - days * DAY);
}

/** An environment in which nothing of this machine's AWS configuration is seen. */
export function cleanEnvironment(folder: string): Record<string, string | undefined> {
  const none = join(folder, 'none');
  const names = [
    'AWS_PROFILE',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_ENDPOINT_URL',
    'COLUMNS',
    'FORCE_COLOR',
  ];
  const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'NO_COLOR'];
  // Jest sets FORCE_COLOR. A variable that is undefined is not passed on.
  const unset = Object.fromEntries([...names, ...keys].map((name) => [name, undefined]));
  return {
    ...unset,
    HOME: folder,
    AWS_CONFIG_FILE: none,
    AWS_SHARED_CREDENTIALS_FILE: none,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** What a stand-in for AWS answers: an error by its type, or a whole answer. */
export interface StandInAnswer {
  readonly type?: string;
  readonly message?: string;
  readonly status?: number;
  readonly answer?: object;
}

/** Stands in for AWS where the local Secrets Manager has no such secret, or never refuses so. */
export async function standIn(answerTo: (operation: string, headers: IncomingHttpHeaders) => StandInAnswer) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
      const {
        type,
        message = '',
        answer,
        status = answer ? 200 : 400,
      } = answerTo(operation, request.headers);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer ?? { __type: type, Message: message, message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
