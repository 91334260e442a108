import { type Rotator, rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import { type Mended, type MendOptions, mend, type Ways } from '../../src/operate/mend.js';
import { type ObserveOptions, observe } from '../../src/operate/observe.js';
import { takeStepsHere } from '../../src/operate/steps-here.js';
import { HiddenValues } from '../../src/redact/hidden-values.js';
import type { Step } from '../../src/step.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

interface Secret {
  readonly user: string;
  readonly host: string;
  readonly password: string;
}

/** What operates on the world, until it is killed. */
class Killed extends Error {}

/**
 * A secret in a local Secrets Manager whose clock stands, and a service that keeps one password or several. Rotations can be
 * stopped in any step; people and accidents change labels and passwords.
 */
export async function stuckWorld({ keeps = 'one' }: { readonly keeps?: 'one' | 'several' } = {}) {
  const secrets = new LocalSecretsManager({ standsAt: new Date(Date.UTC(2026, 10, 29)) });
  /** The passwords that the service takes. */
  const accepted = new Set(['password-0']);
  const world = {
    stopIn: undefined as Step | undefined,
    made: 0,
    logins: 0,
    refused: 0,
    isDown: false,
    lockAfter: 0,
  };
  const parse = (json: Readonly<Record<string, unknown>>): Secret => {
    if (typeof json.password !== 'string') throw new TypeError('"password" is missing');
    return { user: String(json.user), host: String(json.host), password: json.password };
  };
  const stop = (step: Step) => {
    if (world.stopIn === step) throw new Error(`stopped in ${step}`);
  };
  const hosts: string[] = [];
  const rotator: Rotator<Secret, 'password'> = {
    name: 'stuck',
    rotates: ['password'],
    shows: ['user', 'host'],
    parse,
    createSecret() {
      stop('createSecret');
      world.made++;
      return { password: `password-${world.made}` };
    },
    setSecret({ pending, current }) {
      stop('setSecret');
      if (![pending, current].some(({ password }) => accepted.has(password)))
        throw new Error('nobody logs in');
      if (keeps === 'one') accepted.clear();
      accepted.add(pending.password);
    },
    testSecret({ password, host }) {
      stop('testSecret');
      return logIn(password, host);
    },
    finishSecret: () => stop('finishSecret'),
  };

  function logIn(password: string, host: string): 'accepted' | 'rejected' {
    if (world.isDown) throw Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    hosts.push(host);
    world.logins++;
    if (accepted.has(password)) return 'accepted';
    world.refused++;
    return 'rejected';
  }

  const textOf = (password: string, host = 'db') => JSON.stringify({ user: 'app', host, password });
  const { ARN = '' } = await secrets.createSecret({ Name: 'app', SecretString: textOf('password-0') });
  const functionArn = secrets.addFunction(
    'rotate',
    rotationHandler(rotator, { client: secrets, log: () => {} }),
  );
  const pass = (minutes: number) => secrets.advanceTo(new Date(+secrets.now + minutes * 60_000));

  // What is made at the same moment has no order.
  await pass(1);

  /** Begins a rotation that stops before a step does anything, or ends. */
  async function rotate(stopIn?: Step): Promise<void> {
    await pass(1);
    world.stopIn = stopIn;
    await secrets.rotateSecret({ SecretId: ARN, RotationLambdaARN: functionArn });
    await secrets.rotation(ARN).run();
    world.stopIn = undefined;
  }

  async function holder(label: string): Promise<string | undefined> {
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: ARN });
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
  }

  async function move(VersionStage: string, to: string | undefined): Promise<void> {
    const from = await holder(VersionStage);
    await secrets.updateSecretVersionStage({
      SecretId: ARN,
      VersionStage,
      ...(to !== undefined && { MoveToVersionId: to }),
      ...(from !== undefined && { RemoveFromVersionId: from }),
    });
  }

  /** Every version that has a value, the oldest first, by the number of its password; `works` if the service takes it. */
  async function versions() {
    const { Versions = [] } = await secrets.listSecretVersionIds({ SecretId: ARN, IncludeDeprecated: true });
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: ARN });
    return Promise.all(
      Versions.map(async ({ VersionId: id = '', CreatedDate }) => {
        const { SecretString = '' } = await secrets.getSecretValue({ SecretId: ARN, VersionId: id });
        const { password } = parse(JSON.parse(SecretString));
        const labels = [...(VersionIdsToStages[id] ?? [])].sort();
        return { id, labels, createdAt: Number(CreatedDate), password, works: accepted.has(password) };
      }),
    );
  }

  /** The client of the command, which counts what it writes, and dies before or after a call. */
  function client(kill?: { readonly call: number; readonly when: 'before' | 'after' }) {
    const life = { calls: 0, writes: 0, isDead: false };
    const alive = async <T>(work: () => Promise<T>, isWrite = false): Promise<T> => {
      const isLast = ++life.calls === kill?.call;
      if (isLast && kill?.when === 'before') life.isDead = true;
      if (life.isDead) throw new Killed('killed');
      if (isWrite) life.writes++;
      const answer = await work();
      if (!isLast) return answer;
      life.isDead = true;
      throw new Killed('killed');
    };
    const api: SecretsManagerApi = {
      describeSecret: (input) => alive(() => secrets.describeSecret(input)),
      getSecretValue: (input) => alive(() => secrets.getSecretValue(input)),
      putSecretValue: (input) => alive(() => secrets.putSecretValue(input), true),
      updateSecretVersionStage: (input) => alive(() => secrets.updateSecretVersionStage(input), true),
      listSecretVersionIds: (input) => alive(() => secrets.listSecretVersionIds(input)),
    };
    /** The same rotator, which does nothing once the process is dead; its work counts as a call, too. */
    const mortal: Rotator<Secret, 'password'> = {
      ...rotator,
      createSecret: (current, context) => alive(async () => rotator.createSecret(current, context)),
      setSecret: (versions, context) => alive(async () => rotator.setSecret(versions, context)),
      testSecret: (pending, context) => alive(async () => rotator.testSecret(pending, context)),
    };
    return { api, mortal, life };
  }

  type Client = ReturnType<typeof client>;

  function look({ api, mortal }: Client = client(), options: ObserveOptions = {}) {
    const hidden = new HiddenValues([ARN]);
    return observe(
      { client: api, rotator: mortal, secretId: ARN, hidden },
      { which: 'needed', now: () => secrets.now, ...options },
    );
  }

  /** `doctor --fix --yes`, with the steps taken here if it may. */
  async function fix(
    { isHere = true, of = client(), ...ways }: Partial<Ways> & { isHere?: boolean; of?: Client } = {},
    options: MendOptions = {},
  ): Promise<Mended> {
    const { api, mortal } = of;
    return mend(
      {
        look: (next) => look(of, { next }),
        client: api,
        ask: async () => true,
        sleep: async (ms) => void (await secrets.advanceTo(new Date(+secrets.now + ms))),
        now: () => secrets.now,
        ...(isHere && {
          resume: (token: string) => takeStepsHere({ client: api, rotator: mortal, secretId: ARN, token }),
        }),
        ...ways,
      },
      options,
    );
  }

  return {
    ...{ secrets, secretId: ARN, accepted, world, rotator, hosts, textOf },
    ...{ pass, rotate, holder, move, versions, client, look, fix },
    cancel: () => secrets.cancelRotateSecret({ SecretId: ARN }),
    /** Begins what only tests the function (RotateImmediately=false), and stops in it. */
    async rehearse() {
      await secrets.rotateSecret({ SecretId: ARN, RotationLambdaARN: functionArn, RotateImmediately: false });
    },
    /** Stores a value by hand. */
    put: (password: string, host?: string) =>
      secrets.putSecretValue({ SecretId: ARN, SecretString: textOf(password, host) }),
  };
}
