import { randomBytes, randomUUID } from 'node:crypto';
import type {
  CreateSecretRequest,
  CreateSecretResponse,
  DescribeSecretRequest,
  DescribeSecretResponse,
  GetSecretValueRequest,
  GetSecretValueResponse,
  PutSecretValueRequest,
  PutSecretValueResponse,
  RotateSecretRequest,
  RotateSecretResponse,
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerApi } from '../secrets-manager.js';
import { attach, holderOf, isEmpty, moveLabel, putLabels } from './labels.js';
import * as refusals from './refusals.js';
import { type LocalFunction, LocalRotation } from './rotation.js';
import { findSecret, isValidName, type StoredSecret } from './secret.js';
import {
  addVersion,
  assertId,
  assertOneValue,
  copyOf,
  findVersion,
  hasSameValue,
  hasValue,
} from './version-values.js';

const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const SECRET_PREFIX = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:`;

/**
 * Secrets Manager in memory and in process, under the rules that AWS applies to versions, staging labels and
 * rotation. It refuses what AWS refuses, with the SDK's own exceptions and AWS's texts.
 *
 * It has the SDK's methods for the operations that a rotation needs, so a rotation handler takes it as its `client`.
 *
 * @example
 * ```ts
 * const secrets = new LocalSecretsManager();
 * const handler = rotationHandler(rotator, { client: secrets });
 * const lambdaArn = secrets.addFunction('rotate', handler);
 * await secrets.createSecret({ Name: 'app', SecretString: '{"password":"first"}' });
 * await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN: lambdaArn });
 * const { outcome } = await secrets.rotation('app').run();
 * ```
 */
export class LocalSecretsManager implements SecretsManagerApi {
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #functions = new Map<string, LocalFunction>();

  /** Registers a rotation function, and returns the ARN that RotateSecret is to be given. */
  addFunction(name: string, handler: LocalFunction): string {
    const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
    this.#functions.set(arn, handler);
    return arn;
  }

  /** The rotation of a secret that RotateSecret has begun, to be driven step by step or to its end. */
  rotation(secretId: string): LocalRotation {
    return new LocalRotation(this.#find(secretId), this.#functions);
  }

  async createSecret(input: CreateSecretRequest): Promise<CreateSecretResponse> {
    const { Name = '', Description, ClientRequestToken: token = randomUUID() } = input;
    if (!isValidName(Name)) throw refusals.invalidName();
    assertId('clientRequestToken', token);
    assertOneValue(input);
    const existing = this.#secrets.get(Name);
    if (existing) return this.#recreate(existing, input, token);
    const now = new Date();
    const arn = `${SECRET_PREFIX}${Name}-${randomSuffix()}`;
    const secret: StoredSecret = {
      arn,
      name: Name,
      description: Description,
      createdDate: now,
      lastChangedDate: now,
      versions: new Map(),
    };
    this.#secrets.set(Name, secret);
    if (!hasValue(input)) return { ARN: arn, Name };
    putLabels(secret.versions, addVersion(secret, token, input), undefined);
    return { ARN: arn, Name, VersionId: token };
  }

  async describeSecret({ SecretId }: DescribeSecretRequest): Promise<DescribeSecretResponse> {
    const secret = this.#find(SecretId);
    const { arn, name, description, createdDate, lastChangedDate, rotation, versions } = secret;
    const labelled = [...versions.values()].filter(({ labels }) => labels.size > 0);
    return {
      ARN: arn,
      Name: name,
      ...(description && { Description: description }),
      ...(rotation && { RotationEnabled: rotation.enabled, RotationLambdaARN: rotation.lambdaArn }),
      ...(rotation?.rules && { RotationRules: { ...rotation.rules } }),
      ...(rotation?.lastRotatedDate && { LastRotatedDate: new Date(rotation.lastRotatedDate) }),
      CreatedDate: new Date(createdDate),
      LastChangedDate: new Date(lastChangedDate),
      ...(labelled.length > 0 && {
        VersionIdsToStages: Object.fromEntries(labelled.map(({ id, labels }) => [id, [...labels]])),
      }),
    };
  }

  async getSecretValue(input: GetSecretValueRequest): Promise<GetSecretValueResponse> {
    const { SecretId, VersionId, VersionStage } = input;
    assertId('versionId', VersionId);
    const { arn, name, versions } = this.#find(SecretId);
    const { id, createdDate, labels, secretString, secretBinary } = findVersion(
      versions,
      VersionId,
      VersionStage,
    );
    return {
      ARN: arn,
      Name: name,
      VersionId: id,
      CreatedDate: new Date(createdDate),
      ...(secretString !== undefined && { SecretString: secretString }),
      ...(secretBinary !== undefined && { SecretBinary: Uint8Array.from(secretBinary) }),
      ...(labels.size > 0 && { VersionStages: [...labels] }),
    };
  }

  async putSecretValue(input: PutSecretValueRequest): Promise<PutSecretValueResponse> {
    const { SecretId, ClientRequestToken: token = randomUUID(), VersionStages } = input;
    assertId('clientRequestToken', token);
    if (VersionStages?.length === 0) throw refusals.violates('versionStages', 'Member must not be empty');
    const secret = this.#find(SecretId);
    assertOneValue(input);
    if (!hasValue(input)) throw refusals.noValueGiven();
    const existing = secret.versions.get(token);
    // Versions never change; the one exception is the empty placeholder of a rotation, which is filled.
    if (existing && !isEmpty(existing)) {
      if (!hasSameValue(existing, input)) throw refusals.tokenInUse(token, secret.arn);
    } else {
      putLabels(secret.versions, addVersion(secret, token, input), VersionStages);
    }
    const labels = secret.versions.get(token)?.labels ?? [];
    return { ARN: secret.arn, Name: secret.name, VersionId: token, VersionStages: [...labels] };
  }

  async updateSecretVersionStage(
    input: UpdateSecretVersionStageRequest,
  ): Promise<UpdateSecretVersionStageResponse> {
    const { SecretId, VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to } = input;
    assertId('removeFromVersionId', from);
    assertId('moveToVersionId', to);
    if (!label) throw refusals.violates('versionStage', 'Member must not be null');
    const secret = this.#find(SecretId);
    moveLabel(secret.versions, label, from, to);
    secret.lastChangedDate = new Date();
    return { ARN: secret.arn, Name: secret.name };
  }

  /** Begins a rotation and returns: `rotation(secretId)` drives it. */
  async rotateSecret(input: RotateSecretRequest): Promise<RotateSecretResponse> {
    const { SecretId, ClientRequestToken: token = randomUUID(), RotateImmediately = true } = input;
    assertId('clientRequestToken', token);
    const secret = this.#find(SecretId);
    const lambdaArn = input.RotationLambdaARN ?? secret.rotation?.lambdaArn;
    if (lambdaArn === undefined) throw refusals.noRotationFunction();
    if (!this.#functions.has(lambdaArn)) throw refusals.cannotInvoke();
    const answer = { ARN: secret.arn, Name: secret.name, VersionId: token };
    const pending = holderOf(secret.versions, 'AWSPENDING');
    // Assumed: a repeated call with the token of the rotation that is under way starts nothing.
    if (pending && pending.id === token && secret.inFlight?.token === token) return answer;
    if (pending && !pending.labels.has('AWSCURRENT')) throw refusals.rotationUnfinished();
    if (secret.versions.has(token)) throw refusals.tokenInUse(token, secret.arn);

    const rules = input.RotationRules ?? secret.rotation?.rules;
    secret.rotation = { ...secret.rotation, enabled: true, lambdaArn, rules };
    const kind = RotateImmediately ? 'rotate' : 'test';
    const copied = kind === 'test' ? holderOf(secret.versions, 'AWSCURRENT') : undefined;
    attach(secret.versions, 'AWSPENDING', addVersion(secret, token, copyOf(copied)));
    secret.inFlight = { token, rotationToken: randomUUID(), kind, attempt: 1, steps: [] };
    return answer;
  }

  #find(secretId: string | undefined): StoredSecret {
    if (!secretId) throw refusals.violates('secretId', 'Member must not be null');
    if (!secretId.startsWith('arn:') && !isValidName(secretId)) throw refusals.invalidName();
    const secret = findSecret(this.#secrets, secretId, SECRET_PREFIX);
    if (!secret) throw refusals.noSuchSecret();
    return secret;
  }

  /** CreateSecret for a name that is taken: the same call again succeeds, and does nothing. */
  #recreate(secret: StoredSecret, input: CreateSecretRequest, token: string): CreateSecretResponse {
    const version = secret.versions.get(token);
    if (!version) throw refusals.secretExists(secret.name);
    if (!hasSameValue(version, input)) throw refusals.tokenInUse(token, secret.arn);
    return { ARN: secret.arn, Name: secret.name, VersionId: token };
  }
}

function randomSuffix(): string {
  return [...randomBytes(6)]
    .map((byte) => SUFFIX_CHARACTERS.charAt(byte % SUFFIX_CHARACTERS.length))
    .join('');
}

const SUFFIX_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
