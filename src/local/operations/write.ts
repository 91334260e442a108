import type {
  CreateSecretRequest,
  CreateSecretResponse,
  PutSecretValueRequest,
  PutSecretValueResponse,
  UpdateSecretRequest,
  UpdateSecretResponse,
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';
import { ASSUMED } from '../assumptions.js';
import { assertLabelLimit, holderOf, isEmpty, moveLabel, putLabels, type Version } from '../store/labels.js';
import { nextWindow } from '../store/schedule.js';
import { newArn } from '../store/store.js';
import {
  isOvertaken,
  isValidName,
  type RotationInFlight,
  type StoredSecret,
} from '../store/stored-secret.js';
import { assertNameOrArn, type Call, commit, identity, live } from './call.js';
import { mergedTags } from './tags.js';

/** The value in a request: a string, bytes or neither. */
interface Value {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}

export function createSecret(call: Call, input: CreateSecretRequest): CreateSecretResponse {
  const { Name: name = '', ClientRequestToken: token, Description, KmsKeyId, Tags, Type } = input;
  if (!isValidName(name)) throw refusals.invalidName();
  assertOneValue(input);
  if (token === undefined && hasValue(input)) throw refusals.tokenMissing();
  if (input.AddReplicaRegions?.length) throw refusals.notHere('replication to other Regions');
  const { store, settings, now } = call;
  const existing = store.named(name, now);
  if (existing) return recreate(existing, input);
  const secret: StoredSecret = {
    arn: newArn(settings.region, name),
    name,
    createdDate: now,
    lastChangedDate: now,
    description: Description,
    kmsKeyId: KmsKeyId,
    type: Type,
    tags: Tags && mergedTags([], Tags),
    versions: new Map(),
  };
  if (token !== undefined && hasValue(input)) {
    putLabels(secret.versions, storeValue(secret, token, input, now), undefined, true);
  }
  store.add(secret);
  return { ...identity(secret), ...(hasValue(input) && { VersionId: token }) };
}

/** CreateSecret for an existing name: the same call again succeeds and does nothing. */
function recreate(secret: StoredSecret, input: CreateSecretRequest): CreateSecretResponse {
  if (secret.deletedDate) throw refusals.nameMarkedForDeletion();
  const token = input.ClientRequestToken;
  const version = token === undefined ? undefined : secret.versions.get(token);
  if (token === undefined || !version) throw refusals.secretExists(secret.name);
  if (!hasSameValue(version, input)) throw refusals.tokenInUse(token, secret.arn);
  return { ...identity(secret), VersionId: token };
}

export function putSecretValue(call: Call, input: PutSecretValueRequest): PutSecretValueResponse {
  const { SecretId, ClientRequestToken: token, VersionStages } = input;
  assertNameOrArn(SecretId);
  assertOneValue(input);
  if (token === undefined) throw refusals.tokenMissing();
  if (!hasValue(input)) throw refusals.noValueGiven();
  const secret = live(call, SecretId);
  putValue(call, secret, { token, value: input, stages: VersionStages });
  const labels = secret.versions.get(token)?.labels ?? [];
  return { ...identity(secret), VersionId: token, VersionStages: [...labels] };
}

export function updateSecret(call: Call, input: UpdateSecretRequest): UpdateSecretResponse {
  const { SecretId, ClientRequestToken: token, Description, KmsKeyId, Type } = input;
  assertNameOrArn(SecretId);
  assertOneValue(input);
  if (token === undefined && hasValue(input)) throw refusals.tokenMissing();
  const secret = live(call, SecretId);
  const describe = () => {
    if (Description !== undefined) secret.description = Description;
    if (KmsKeyId !== undefined) secret.kmsKeyId = KmsKeyId;
    if (Type !== undefined) secret.type = Type;
  };
  if (token === undefined || !hasValue(input)) commit(call, secret, describe);
  else putValue(call, secret, { token, value: input, alsoChange: describe });
  return { ...identity(secret), ...(hasValue(input) && { VersionId: token }) };
}

interface Put {
  readonly token: string;
  readonly value: Value;
  readonly stages?: readonly string[] | undefined;
  readonly alsoChange?: () => void;
}

/** Stores a value under a token. A version never changes, except for the empty version of a rotation. */
function putValue(call: Call, secret: StoredSecret, { token, value, stages, alsoChange }: Put): void {
  const existing = secret.versions.get(token);
  if (existing && !isEmpty(existing)) {
    if (!hasSameValue(existing, value)) throw refusals.tokenInUse(token, secret.arn);
    if (alsoChange) commit(call, secret, alsoChange);
    return;
  }
  const abandoned = commit(call, secret, () => {
    alsoChange?.();
    const before = holderOf(secret.versions, 'AWSCURRENT');
    const isFirst = !before && (ASSUMED.placeholderIsNoFirstVersion || !existing);
    putLabels(secret.versions, storeValue(secret, token, value, call.now), stages, isFirst);
    assertLabelLimit(secret.versions);
    return holderOf(secret.versions, 'AWSCURRENT') === before ? undefined : noteNewCurrent(call, secret);
  });
  if (abandoned) call.trail.record('RotationAbandoned', secret, { token: abandoned.token, time: call.now });
}

/** AWS treats a value that is stored by hand as a rotation. Returns the rotation that this abandons. */
function noteNewCurrent({ now }: Call, secret: StoredSecret): RotationInFlight | undefined {
  const { rotation, inFlight } = secret;
  if (rotation?.enabled) secret.rotation = { ...rotation, next: nextWindow(rotation.rules, now) };
  if (!inFlight || inFlight.isAbandoned || !isOvertaken(secret, inFlight)) return undefined;
  secret.inFlight = { ...inFlight, isAbandoned: true };
  return inFlight.kind === 'rotate' ? inFlight : undefined;
}

export function updateSecretVersionStage(
  call: Call,
  input: UpdateSecretVersionStageRequest,
): UpdateSecretVersionStageResponse {
  const { SecretId, VersionStage: label = '', RemoveFromVersionId: from, MoveToVersionId: to } = input;
  const secret = live(call, SecretId);
  commit(call, secret, () => {
    moveLabel(secret.versions, label, from, to);
    assertLabelLimit(secret.versions);
  });
  return identity(secret);
}

/** Stores a value under an id, or fills the empty version of that id. Without a value, the version is empty. */
export function storeValue(
  secret: Pick<StoredSecret, 'versions' | 'kmsKeyId'>,
  id: string,
  { SecretString, SecretBinary }: Value,
  now: Date,
): Version {
  const version: Version = secret.versions.get(id) ?? { id, createdDate: now, labels: new Set() };
  if (SecretString !== undefined) version.secretString = SecretString;
  if (SecretBinary !== undefined) version.secretBinary = Uint8Array.from(SecretBinary);
  if (secret.kmsKeyId) version.kmsKeyId = secret.kmsKeyId;
  secret.versions.set(id, version);
  return version;
}

function assertOneValue({ SecretString, SecretBinary }: Value): void {
  if (SecretString !== undefined && SecretBinary !== undefined) throw refusals.twoValuesGiven();
}

function hasValue({ SecretString, SecretBinary }: Value): boolean {
  return Boolean(SecretString) || SecretBinary !== undefined;
}

function hasSameValue(
  { secretString, secretBinary }: Version,
  { SecretString, SecretBinary }: Value,
): boolean {
  if (secretBinary === undefined || SecretBinary === undefined) {
    return secretString === SecretString && secretBinary === SecretBinary;
  }
  return Buffer.from(secretBinary).equals(SecretBinary);
}
