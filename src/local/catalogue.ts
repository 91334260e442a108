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
import { ASSUMED } from './assumptions.js';
import { type Call, change, described, identity, live } from './call.js';
import { matches } from './filters.js';
import { isEmpty } from './labels.js';
import { page } from './paging.js';
import * as refusals from './refusals.js';
import { nextRotationDate } from './schedule.js';
import { type StoredSecret, stagesOf } from './secret.js';
import { newArn } from './store.js';

const DAY_MS = 86_400_000;
/** AWS's quota. */
const MOST_TAGS = 50;

export function describeSecret(call: Call, { SecretId }: DescribeSecretRequest): DescribeSecretResponse {
  const secret = described(call, SecretId);
  const stages = stagesOf(call.versionsOf(secret));
  return { ...entryOf(secret), ...(stages && { VersionIdsToStages: stages }) };
}

/** What DescribeSecret and ListSecrets both show: only what has a value. */
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

/** With the days that follow from an expression. */
function rulesOf({ rules, computedDays }: NonNullable<StoredSecret['rotation']>): RotationRulesType {
  return { ...rules, ...(computedDays !== undefined && { AutomaticallyAfterDays: computedDays }) };
}

export function listSecrets(call: Call, input: ListSecretsRequest): ListSecretsResponse {
  const { Filters = [], IncludePlannedDeletion = false, SortBy, SortOrder } = input;
  const found = [...call.store.all(call.now, call.region)].filter(
    (secret) => (IncludePlannedDeletion || !secret.deletedDate) && matches(secret, Filters),
  );
  found.sort((a, b) => compare(sortKey(a, SortBy), sortKey(b, SortBy)));
  if (SortOrder === 'desc') found.reverse();
  const { items, next } = page(found, input.MaxResults ?? 100, input.NextToken);
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

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
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
  const { items, next } = page(listed, MaxResults ?? 100, NextToken);
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
  const { store, region, now } = call;
  const secret = store.find(region, SecretId, now);
  if (days !== undefined && isForced) throw refusals.recoveryWindowAndForce();
  if (days !== undefined && (days < 7 || days > 30)) throw refusals.recoveryWindowOutOfRange();
  if (isForced) {
    if (secret) store.remove(secret);
    const ghost = { arn: SecretId.startsWith('arn:') ? SecretId : newArn(region, SecretId), name: SecretId };
    const { arn, name } = secret ?? ghost;
    return { ARN: arn, Name: name, DeletionDate: now };
  }
  if (!secret) throw refusals.noSuchSecret();
  if (secret.deletedDate) throw refusals.alreadyMarkedForDeletion();
  const deletionDate = new Date(now.getTime() + (days ?? 30) * DAY_MS);
  change(call, secret, () => {
    secret.deletedDate = deletionDate;
  });
  return { ...identity(secret), DeletionDate: deletionDate };
}

export function restoreSecret(call: Call, { SecretId }: RestoreSecretRequest): RestoreSecretResponse {
  const secret = described(call, SecretId);
  if (!secret.deletedDate && !ASSUMED.restoreOfLiveSucceeds) throw refusals.notMarkedForDeletion();
  change(call, secret, () => {
    secret.deletedDate = undefined;
  });
  return identity(secret);
}

export function tagResource(call: Call, { SecretId, Tags = [] }: TagResourceRequest): object {
  const secret = live(call, SecretId);
  const merged = new Map([...(secret.tags ?? []), ...Tags].map((tag) => [tag.Key, { ...tag }]));
  if (merged.size > MOST_TAGS) throw refusals.tooMany('tags', MOST_TAGS);
  change(call, secret, () => {
    secret.tags = [...merged.values()];
  });
  return {};
}

export function untagResource(call: Call, { SecretId, TagKeys = [] }: UntagResourceRequest): object {
  const secret = live(call, SecretId);
  change(call, secret, () => {
    secret.tags = secret.tags?.filter(({ Key = '' }) => !TagKeys.includes(Key));
  });
  return {};
}
