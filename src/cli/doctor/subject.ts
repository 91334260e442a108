import { Deadline } from '../../engine/deadline.js';
import { secretValues } from '../../engine/secret-values.js';
import { type SecretsManagerApi, withDeadline } from '../../engine/secrets-manager.js';
import { RotationError } from '../../errors.js';
import type { Json } from '../../json.js';
import { type ObserveOptions, observe } from '../../operate/observe.js';
import { type Timeline, timelineOf } from '../../operate/timeline.js';
import { HiddenValues } from '../../redact/hidden-values.js';
import { Redactor } from '../../redact/redactor.js';
import type { Rotator } from '../../rotator.js';
import { type Connection, forShell, readConnection, sameAgain } from '../aws/connection.js';
import { readSecret } from '../aws/secret-argument.js';
import { Clients, type OperatorApi } from '../aws/secrets-manager.js';
import { reportFailure } from '../failure.js';
import { loadManifest } from '../manifest.js';
import { rotatorsWith } from '../rotators.js';
import { Output } from '../terminal/output.js';
import { say } from '../terminal/screen.js';
import { UsageError } from '../usage-error.js';

interface SubjectValues {
  readonly rotator: string | undefined;
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly 'endpoint-url': string | undefined;
}

type AnyRotator = Rotator<object, never>;

/** A secret and its rotator, for a command to work with. */
export interface Subject {
  readonly client: OperatorApi;
  readonly rotator: AnyRotator;
  readonly rotatorName: string;
  readonly secretId: string;
  readonly timeline: Timeline;
  readonly connection: Connection;
  /** The options that a command to copy repeats, with a leading blank. */
  readonly again: string;
  readonly output: Output;
  look(options?: ObserveOptions): ReturnType<typeof observe>;
  /** Returns a text without the values that were read: a password may be a word of ours, such as "postgres". */
  clean(text: string): string;
  /** Prints lines without those values. */
  print(lines: readonly string[]): void;
}

/** Finds the secret and the rotator of a command line, and calls `work` with them. */
export async function withSubject(
  command: string,
  values: SubjectValues,
  positionals: readonly string[],
  work: (subject: Subject) => Promise<number>,
): Promise<number> {
  const asked = readConnection(values);
  const secret = await readSecret(command, positionals, asked);
  const client = await new Clients(asked).for(secret.region);
  const connection = { ...asked, region: secret.region };
  const described = await client.describeSecret({ SecretId: secret.id });
  const timeline = timelineOf(described, undefined, { now: client.now(), stuckAfterMs: 0 });
  const secretId = timeline.arn;
  // For the clients of rotators: the function, too, runs in the Region of its secret.
  if (timeline.region !== undefined) process.env.AWS_REGION = timeline.region;
  const loaded = await rotatorOf(values.rotator, client, secretId);
  const output = new Output();
  const hidden = new SearchedValues([secretId, loaded.rotator.name], output);
  /** Node.js would print the error with its cause and properties. */
  const onUncaught = (thrown: unknown) => {
    const { message } = new Redactor(hidden).error(thrown);
    process.exit(
      reportFailure(
        new RotationError(
          'ERR_ROTATOR_FAILED',
          `the rotator ${loaded.rotator.name} threw an error outside its steps: ${message}`,
          { hint: `quarterturn doctor ${timeline.name} shows which version works` },
        ),
      ),
    );
  };
  process.on('uncaughtException', onUncaught);
  try {
    const clean = (text: string) => (output.isClean(text) ? text : new Redactor(hidden).text(text));
    const probing = { client, rotator: loaded.rotator, secretId, hidden };
    const code = await work({
      ...{ client, secretId, timeline, connection, output, ...loaded },
      again: `${sameAgain(connection)}${values.rotator === undefined ? '' : ` --rotator ${forShell(values.rotator)}`}`,
      look: (options) => observe(probing, { ...options, now: client.now }),
      clean,
      print: (lines) => output.line(clean(lines.join('\n'))),
    });
    if (!output.isClean()) throw leak();
    return code;
  } finally {
    output.end();
    // What a rotator left running must not keep the command alive, nor throw a value later.
    setTimeout(() => process.exit(), LEFT_RUNNING_MS).unref();
  }
}

const LEFT_RUNNING_MS = 2000;

/** Has the output searched for every value that the gate hands out. */
class SearchedValues extends HiddenValues {
  readonly #output: Output;

  constructor(shown: readonly string[], output: Output) {
    super(shown);
    this.#output = output;
  }

  override hideFields(values: Json, shows: readonly string[], rotates?: readonly string[]): void {
    super.hideFields(values, shows, rotates);
    this.#output.lookFor(
      values,
      shows,
      (rotates ?? []).filter((field) => !shows.includes(field)),
    );
  }
}

function leak(): RotationError {
  return new RotationError('ERR_ROTATOR_FAILED', 'this output contains a value of the secret', {
    hint: 'a message of the rotator quotes it. Do not share this output; rotate the secret, and report the rotator’s fault',
  });
}

async function rotatorOf(
  named: string | undefined,
  client: SecretsManagerApi,
  secretId: string,
): Promise<{ readonly rotator: AnyRotator; readonly rotatorName: string }> {
  const name = named ?? (await nameInSecret(client, secretId));
  const { manifest } = await loadManifest(name);
  try {
    return { rotator: manifest.rotator(process.env) as AnyRotator, rotatorName: name };
  } catch (error) {
    throw new UsageError(
      `cannot make the rotator ${name}: ${error instanceof Error ? error.message : 'it threw something that is not an Error'}`,
    );
  }
}

/** Returns the rotator with the name of the secret's engine. With a `masterarn` users may take turns: then it must be named. */
async function nameInSecret(client: SecretsManagerApi, secretId: string): Promise<string> {
  const deadline = new Deadline(undefined);
  try {
    const hidden = new HiddenValues([secretId]);
    const api = withDeadline(client, deadline);
    const values = secretValues({ client: api, hidden, rotator: { shows: [] }, secretId });
    const { json } = await values.read({ VersionStage: 'AWSCURRENT' });
    const name = rotatorsWith('lambda.js').find((each) => each === json.engine);
    if (name !== undefined) {
      if (Object.hasOwn(json, 'masterarn')) throw new UsageError(whichOfTwo(name));
      say(`using the rotator ${name}, after the secret’s "engine"; --rotator names another`);
      return name;
    }
  } finally {
    deadline.end();
  }
  throw new UsageError(
    `name the secret’s rotator: --rotator ${rotatorsWith('lambda.js').join(' | ')}, or a file of your own`,
  );
}

function whichOfTwo(name: string): string {
  const more = rotatorsWith('lambda.js').filter((each) => each.startsWith(`${name}/`));
  return (
    'the secret has a "masterarn", so its users may take turns. The function’s log says which rotator it is. ' +
    `Name it: --rotator ${[name, ...more].join(' | ')}, or a file of your own`
  );
}
