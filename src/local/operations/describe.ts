import type {
  DeleteSecretRequest,
  DeleteSecretResponse,
  DescribeSecretRequest,
  DescribeSecretResponse,
  ListSecretsRequest,
  ListSecretsResponse,
  ListSecretVersionIdsRequest,
  ListSecretVersionIdsResponse,
  RestoreSecretRequest,
  RestoreSecretResponse,
  RotationRulesType,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';
import { ASSUMED } from '../assumptions.js';
import { isEmpty, type Version } from '../store/labels.js';
import { nextRotationDate } from '../store/schedule.js';
import { nameIn, newArn } from '../store/store.js';
import { type StoredSecret, stagesOf } from '../store/stored-secret.js';
import { assertNameOrArn, type Call, commit, described, identity, live } from './call.js';
import { assertFilters, matches } from './filters.js';
import { type Place, page } from './paging.js';
import { mergedTags } from './tags.js';

const DAY_MS = 86_400_000;

export function describeSecret(call: Call, { SecretId }: DescribeSecretRequest): DescribeSecretResponse {
  const secret = described(call, SecretId);
  const stages = stagesOf(call.versionsOf(secret));
  return { ...entryOf(secret), ...(stages && { VersionIdsToStages: stages }) };
}

/** The fields that DescribeSecret and ListSecrets both show, without empty ones. */
function entryOf(secret: StoredSecret) {
  const { rotation } = secret;
  const next = rotation?.enabled ? rotation.next : undefined;
  return {
    ...identity(secret),
    ...(secret.type && { Type: secret.type }),
    ...(secret.description && { Description: secret.description }),
    ...(secret.kmsKeyId && { KmsKeyId: secret.kmsKeyId }),
    ...(rotation && { RotationEnabled: rotation.enabled, RotationLambdaARN: rotation.lambdaArn }),
    ...(rotation?.rules && { RotationRules: rulesOf(rotation) }),
    ...(rotation?.lastRotatedDate && { LastRotatedDate: rotation.lastRotatedDate }),
    ...(next && { NextRotationDate: nextRotationDate(next) }),
    CreatedDate: secret.createdDate,
    LastChangedDate: secret.lastChangedDate,
    ...(secret.lastAccessedDate && { LastAccessedDate: secret.lastAccessedDate }),
    ...(secret.deletedDate && { DeletedDate: secret.deletedDate }),
    ...(secret.tags && { Tags: [...secret.tags] }),
  };
}

/** The rules, with the days that follow from an expression. */
function rulesOf({ rules, next }: NonNullable<StoredSecret['rotation']>): RotationRulesType {
  return { ...rules, ...(next?.days !== undefined && { AutomaticallyAfterDays: next.days }) };
}

export function listSecrets(call: Call, input: ListSecretsRequest): ListSecretsResponse {
  const { Filters = [], IncludePlannedDeletion = false, SortBy, SortOrder } = input;
  assertFilters(Filters);
  const found = [...call.store.all(call.now)].filter(
    (secret) => (IncludePlannedDeletion || !secret.deletedDate) && matches(secret, Filters),
  );
  const place = (secret: StoredSecret): Place => [sortKey(secret, SortBy), call.store.numberOf(secret)];
  const { items, next } = page(found, place, {
    size: input.MaxResults ?? 100,
    token: input.NextToken,
    isDescending: SortOrder === 'desc',
  });
  return {
    SecretList: items.map((secret) => {
      const stages = stagesOf(call.versionsOf(secret));
      return { ...entryOf(secret), ...(stages && { SecretVersionsToStages: stages }) };
    }),
    ...(next !== undefined && { NextToken: next }),
  };
}

function sortKey(secret: StoredSecret, by: ListSecretsRequest['SortBy']): string | number {
  switch (by) {
    case 'name':
      return secret.name;
    case 'last-changed-date':
      return secret.lastChangedDate.getTime();
    case 'last-accessed-date':
      return secret.lastAccessedDate?.getTime() ?? 0;
    default:
      return secret.createdDate.getTime();
  }
}

export function listSecretVersionIds(
  call: Call,
  { SecretId, MaxResults, NextToken, IncludeDeprecated = false }: ListSecretVersionIdsRequest,
): ListSecretVersionIdsResponse {
  const secret = described(call, SecretId);
  const listed = [...call.versionsOf(secret).values()].filter(
    (version) =>
      (version.labels.size > 0 || IncludeDeprecated) &&
      !(ASSUMED.listLeavesPlaceholderOut && isEmpty(version)),
  );
  const numbers = new Map(listed.map((version, number) => [version, number]));
  const place = (version: Version): Place => [0, numbers.get(version) ?? 0];
  const { items, next } = page(listed, place, { size: MaxResults ?? 100, token: NextToken });
  return {
    ...identity(secret),
    Versions: items.map(({ id, labels, createdDate, lastAccessedDate, kmsKeyId }) => ({
      VersionId: id,
      ...(labels.size > 0 && { VersionStages: [...labels] }),
      CreatedDate: createdDate,
      ...(lastAccessedDate && { LastAccessedDate: lastAccessedDate }),
      KmsKeyIds: [kmsKeyId ?? 'DefaultEncryptionKey'],
    })),
    ...(next !== undefined && { NextToken: next }),
  };
}

export function deleteSecret(call: Call, input: DeleteSecretRequest): DeleteSecretResponse {
  const { SecretId = '', RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: isForced = false } = input;
  const { store, settings, now } = call;
  assertNameOrArn(SecretId);
  const secret = store.find(SecretId, now);
  if (days !== undefined && isForced) throw refusals.recoveryWindowAndForce();
  if (days !== undefined && (days < 7 || days > 30)) throw refusals.recoveryWindowOutOfRange();
  if (!secret) {
    if (!isForced) throw refusals.noSuchSecret();
    // AWS answers as if the secret had existed.
    const isArn = SecretId.startsWith('arn:');
    const ARN = isArn ? SecretId : newArn(settings.region, SecretId);
    return { ARN, Name: isArn ? nameIn(SecretId) : SecretId, DeletionDate: now };
  }
  if (isForced) {
    const { forcedDeletionMs } = settings;
    if (forcedDeletionMs > 0) markForDeletion(call, secret, new Date(now.getTime() + forcedDeletionMs));
    else store.remove(secret);
    return { ...identity(secret), DeletionDate: now };
  }
  if (secret.deletedDate) throw refusals.alreadyMarkedForDeletion();
  const deletionDate = new Date(now.getTime() + (days ?? 30) * DAY_MS);
  markForDeletion(call, secret, deletionDate);
  return { ...identity(secret), DeletionDate: deletionDate };
}

function markForDeletion(call: Call, secret: StoredSecret, date: Date): void {
  commit(call, secret, () => {
    secret.deletedDate = date;
  });
}

export function restoreSecret(call: Call, { SecretId }: RestoreSecretRequest): RestoreSecretResponse {
  const secret = described(call, SecretId);
  if (!secret.deletedDate && !ASSUMED.restoreOfLiveSucceeds) throw refusals.notMarkedForDeletion();
  commit(call, secret, () => {
    secret.deletedDate = undefined;
  });
  return identity(secret);
}

export function tagResource(call: Call, { SecretId, Tags = [] }: TagResourceRequest): object {
  const secret = live(call, SecretId);
  const merged = mergedTags(secret.tags ?? [], Tags);
  commit(call, secret, () => {
    secret.tags = merged;
  });
  return {};
}

export function untagResource(call: Call, { SecretId, TagKeys = [] }: UntagResourceRequest): object {
  const secret = live(call, SecretId);
  commit(call, secret, () => {
    secret.tags = secret.tags?.filter(({ Key = '' }) => !TagKeys.includes(Key));
  });
  return {};
}
