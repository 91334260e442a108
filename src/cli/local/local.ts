import type { Listener } from '../../local/api/wire.js';
import { LocalSecretsManager } from '../../local/client.js';
import type { Observation } from '../../local/settings.js';
import { codeOf } from '../durable.js';
import { Interruption } from '../interruption.js';
import { printable } from '../terminal/screen.js';
import { UsageError } from '../usage-error.js';
import type { LocalInput } from './declaration.js';
import { environmentOf } from './environment.js';
import { type StartedFunction, startFunction } from './functions.js';
import { type LocalCommand, readLocalCommand } from './options.js';
import { inWords, line, messageOf, write } from './output.js';
import { StateFile } from './state-file.js';

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** Runs `quarterturn local`; resolves to the exit code after an interruption. */
export async function local(input: LocalInput): Promise<number> {
  const command = await readLocalCommand(input);
  const state = command.stateFile === undefined ? undefined : new StateFile(command.stateFile);
  try {
    return await serve(command, state);
  } finally {
    state?.close();
  }
}

async function serve(command: LocalCommand, state: StateFile | undefined): Promise<number> {
  let isIntroduced = false;
  const observe = (seen: Observation) => {
    if (isIntroduced) line(inWords(seen));
  };
  const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'eu-west-1';
  const { timeoutMs } = command;
  const secrets = new LocalSecretsManager({ automatic: true, region, timeoutMs, observe }, state);
  let interrupt = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const functions: StartedFunction[] = [];
  const stopFunctions = () => {
    for (const one of functions) one.stop();
  };
  const interruption = new Interruption(interrupt, () => {
    line('ended in the middle of a rotation');
    stopFunctions();
    process.exit(1);
  });
  let begin = () => {};
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const listener = await listenOn(secrets, command.port, ready);
  // Functions may call while they load, when nobody else is answered yet.
  const forFunctions = await secrets.listen();
  const client = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: listener.url,
    // boto3 and version 1 of the AWS CLI read the second.
    ...{ AWS_REGION: region, AWS_DEFAULT_REGION: region },
    ...CREDENTIALS,
  };
  try {
    const seeded = await plant(command.seed, secrets);
    const own = { ...client, AWS_ENDPOINT_URL_SECRETS_MANAGER: forFunctions.url };
    const arns = await startFunctions(command, secrets, own, functions);
    introduce(client, arns, seeded, command.stateFile);
    isIntroduced = true;
    if (state?.torn !== undefined)
      line(`the last line of the state was not complete, and is in ${state.torn}`);
    if (interruption.exitCode === undefined) {
      for (const name of secrets.unfinished) line(`continuing the rotation of ${name}`);
      secrets.resume();
    }
    begin();
    await interrupted;
    await finish(secrets);
    return interruption.exitCode === 1 ? 1 : 0;
  } finally {
    interruption.end();
    await Promise.all([listener.close(), forFunctions.close()]);
    stopFunctions();
  }
}

async function listenOn(secrets: LocalSecretsManager, port: number, ready: Promise<void>): Promise<Listener> {
  try {
    return await secrets.listen(port, ready);
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') throw new Error(`port ${port} is in use; choose another with --port`);
    throw error;
  }
}

/** Registers the functions, and returns their ARNs. */
async function startFunctions(
  command: LocalCommand,
  secrets: LocalSecretsManager,
  client: Client,
  functions: StartedFunction[],
): Promise<readonly string[]> {
  const arns: string[] = [];
  for (const [name, location] of command.functions) {
    const env = environmentOf(name, location, client);
    const print = (text: string) => {
      process.stderr.write(`[${name}] ${printable(secrets.redact(text))}\n`);
    };
    try {
      const started = await startFunction(location, { env, print });
      functions.push(started);
      arns.push(secrets.addFunction(name, started.invoke));
    } catch (error) {
      throw new Error(`cannot load the function ${name}: ${secrets.redact(messageOf(error))}`);
    }
  }
  return arns;
}

/** Creates the secrets that do not exist yet, and returns a text for each. */
async function plant(seed: LocalCommand['seed'], secrets: LocalSecretsManager): Promise<readonly string[]> {
  const said: string[] = [];
  for (const [name, SecretString] of seed) {
    const isKnown = await secrets.describeSecret({ SecretId: name }).then(
      () => true,
      () => false,
    );
    if (!isKnown) await create(name, SecretString, secrets);
    said.push(isKnown ? `${name} (from the state, not from the seed)` : name);
  }
  return said;
}

async function create(name: string, SecretString: string, secrets: LocalSecretsManager): Promise<void> {
  try {
    await secrets.createSecret({ Name: name, SecretString });
  } catch (error) {
    throw new UsageError(`cannot create ${JSON.stringify(name)} from the seed: ${messageOf(error)}`);
  }
}

/** The environment variables for a client. */
type Client = Readonly<Record<'AWS_ENDPOINT_URL_SECRETS_MANAGER' | 'AWS_REGION', string>>;

function introduce(
  { AWS_ENDPOINT_URL_SECRETS_MANAGER: url, ...rest }: Client,
  arns: readonly string[],
  seeded: readonly string[],
  stateFile: string | undefined,
): void {
  const exports = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  const kept =
    stateFile === undefined
      ? 'Secrets are only in memory, and lost at the end. --state keeps them.'
      : `Secrets are kept in ${stateFile}.`;
  write(`Secrets Manager on ${url}. ${kept}
For clients:

  export AWS_ENDPOINT_URL_SECRETS_MANAGER=${url}
  export ${exports.join(' ')}

${[...arns.map((arn) => `function  ${arn}`), ...seeded.map((name) => `secret    ${name}`)].join('\n')}
`);
}

/** Lets the current rotations end: there may be no other copy of some values. */
async function finish(secrets: LocalSecretsManager): Promise<void> {
  const driven = secrets.stop();
  if (driven.length > 0) line(`finishing the rotation of ${driven.join(', ')} first`);
  // An error that ended a rotation was printed when it happened.
  await secrets.idle().catch(() => {});
  for (const name of secrets.unfinished) line(`the rotation of ${name} is not complete`);
  line('ended');
}
