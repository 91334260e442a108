import { randomUUID } from 'node:crypto';
import { isRotationError, RotationError } from '../../errors.js';
import type { Timeline } from '../../operate/timeline.js';
import { type Connection, readConnection, sameAgain } from '../aws/connection.js';
import { readSecret } from '../aws/secret-argument.js';
import { Clients, type OperatorApi } from '../aws/secrets-manager.js';
import { Interruption } from '../interruption.js';
import { Progress } from '../terminal/progress.js';
import { confirmed } from '../terminal/question.js';
import { jsonLine, line, say } from '../terminal/screen.js';
import { ageInWords, milliseconds } from '../terminal/time.js';
import { UsageError } from '../usage-error.js';
import type { RotateInput } from './declaration.js';
import { type FollowOutcome, follow } from './follow.js';
import { assertRotatable, pendingHint } from './rotatable.js';

/** Runs `quarterturn rotate`; resolves to the exit code. */
export async function rotate({ options, positionals }: RotateInput): Promise<number> {
  const connection = readConnection(options);
  const timeoutMs = milliseconds(options.timeout);
  if (timeoutMs === undefined) {
    throw new UsageError(`--timeout takes a time such as 90s or 15m, not ${JSON.stringify(options.timeout)}`);
  }
  if (options.wait && options['no-wait']) throw new UsageError('--wait and --no-wait exclude each other');
  const secret = await readSecret('rotate', positionals, connection);
  const client = await new Clients(connection).for(secret.region);
  // With the ARN's Region: a command to copy names the secret by its name.
  const own = { ...connection, region: secret.region };
  const stop = new AbortController();
  const interruption = new Interruption(
    () => stop.abort(),
    () => process.exit(interruption.exitCode),
  );
  try {
    const run = new Run({ client, connection: own, options, timeoutMs, signal: stop.signal });
    return (await run.rotate(secret.id)) ?? interruption.exitCode ?? 1;
  } finally {
    interruption.end();
  }
}

interface Setting {
  readonly client: OperatorApi;
  readonly connection: Connection;
  readonly options: RotateInput['options'];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

class Run {
  readonly #client: OperatorApi;
  readonly #setting: Setting;
  /** The options that a command to copy repeats. */
  readonly #again: string;

  constructor(setting: Setting) {
    this.#client = setting.client;
    this.#setting = setting;
    this.#again = sameAgain(setting.connection);
  }

  /** Resolves to the exit code; undefined after an interruption. */
  async rotate(secretId: string): Promise<number | undefined> {
    const described = await this.#client.describeSecret({ SecretId: secretId });
    const { connection, options, signal } = this.#setting;
    const timeline = assertRotatable(described, new Date(), connection);
    const { name, arn } = timeline;
    const agreed = await confirmed(`rotate ${placeOf(timeline)} now?`, {
      isAgreed: options.yes,
      signal,
    });
    if (signal.aborted || !agreed) {
      say('nothing was done');
      return signal.aborted ? undefined : 1;
    }
    // Before the answer, somebody may have turned rotation off: RotateSecret would turn it on again.
    if (!options.yes)
      assertRotatable(await this.#client.describeSecret({ SecretId: arn }), new Date(), connection);
    const begun = Date.now();
    const versionId = randomUUID();
    await this.#begin(timeline, versionId);
    const { json } = options;
    if (json) jsonLine({ type: 'begin', name, arn, versionId });
    if (options['no-wait']) {
      if (json) jsonLine({ type: 'end', outcome: 'begun', name, arn, versionId });
      else
        line(
          `${name}: the rotation has started; quarterturn status ${name}${this.#again} shows its progress`,
        );
      return 0;
    }
    const progress = new Progress(`rotating ${name}`, !options.quiet && !json);
    const outcome = await this.#follow(arn, versionId).finally(() => progress.end());
    return this.#report(outcome, timeline, versionId, Date.now() - begun);
  }

  async #follow(arn: string, versionId: string): Promise<FollowOutcome> {
    const { timeoutMs, signal } = this.#setting;
    try {
      return await follow({
        describe: () => this.#client.describeSecret({ SecretId: arn }),
        ...{ versionId, timeoutMs, signal },
      });
    } catch (error) {
      say('the rotation began and goes on, but this command can no longer follow it:');
      throw error;
    }
  }

  /** Begins the rotation. A try whose answer was lost may have begun it, whatever the next try was answered. */
  async #begin({ name, arn }: Timeline, versionId: string): Promise<void> {
    try {
      await this.#client.rotateSecret({ SecretId: arn, ClientRequestToken: versionId });
    } catch (error) {
      const seen = await this.#client.describeSecret({ SecretId: arn }).catch(() => undefined);
      if (Object.hasOwn(seen?.VersionIdsToStages ?? {}, versionId)) return;
      if (!isRotationError(error) || error.code !== 'ERR_SECRETS_MANAGER_UNREACHABLE') throw error;
      throw new RotationError(error.code, error.message, {
        hint: `the rotation may have begun all the same: quarterturn status ${name}${this.#again} shows it. ${error.hint}`,
        cause: error.cause,
      });
    }
  }

  #report(
    outcome: FollowOutcome,
    timeline: Timeline,
    versionId: string,
    durationMs: number,
  ): number | undefined {
    const { name, arn } = timeline;
    const isRotated = outcome === 'rotated';
    if (outcome === 'left') {
      say(`stopped waiting; the rotation of ${name} goes on: quarterturn status ${name}${this.#again}`);
      if (this.#setting.options.json) jsonLine({ type: 'end', outcome, name, arn, versionId, durationMs });
      return undefined;
    }
    if (!isRotated) throw failureOf(outcome, name, durationMs, this.#again);
    if (this.#setting.options.json) jsonLine({ type: 'end', outcome, name, arn, versionId, durationMs });
    else line(`${name}: rotated in ${ageInWords(durationMs)}; AWSCURRENT is ${versionId.slice(0, 8)}`);
    return 0;
  }
}

/** Returns `app/db (eu-west-1, account 123456789012)`: a person may have meant another one. */
function placeOf({ name, arn, region }: Timeline): string {
  return `${name} (${region}, account ${arn.split(':')[4]})`;
}

function failureOf(
  outcome: Exclude<FollowOutcome, 'rotated' | 'left'>,
  name: string,
  durationMs: number,
  again: string,
): RotationError {
  const doctor = pendingHint(name, again);
  switch (outcome) {
    case 'unfinished':
      return new RotationError(
        'ERR_DEADLINE',
        `the rotation of ${name} is not complete after ${ageInWords(durationMs)}`,
        {
          hint: `Secrets Manager may try again for hours. ${doctor}`,
        },
      );
    case 'abandoned':
      return new RotationError(
        'ERR_ROTATION_ABANDONED',
        `the rotation of ${name} was abandoned: its version lost AWSPENDING`,
        {
          hint: `somebody stored a value meanwhile, or removed the label. quarterturn doctor ${name}${again} finds out which version works`,
        },
      );
    case 'replaced':
      return new RotationError(
        'ERR_ROTATION_UNDONE',
        `${name} was rotated, but another version is AWSCURRENT now`,
        {
          hint: `quarterturn status ${name}${again} shows the versions: a later rotation ended, or somebody moved AWSCURRENT back`,
        },
      );
    case 'turned-off':
      return new RotationError(
        'ERR_ROTATION_DISABLED',
        `the rotation is not complete: somebody turned off rotation of ${name} meanwhile`,
        {
          hint: doctor,
        },
      );
  }
}
