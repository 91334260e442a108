import type {
  BatchGetSecretValueRequest,
  BatchGetSecretValueResponse,
  GetSecretValueRequest,
  GetSecretValueResponse,
} from '@aws-sdk/client-secrets-manager';
import { isError } from '../../errors.js';
import * as refusals from '../api/refusals.js';
import { holderOf, isEmpty, type Version } from '../store/labels.js';
import type { StoredSecret } from '../store/stored-secret.js';
import { type Call, identity, live } from './call.js';
import { assertFilters, matches } from './filters.js';
import { type Place, page } from './paging.js';

// The service's side of GetSecretValue: the values were stored here.
export function getSecretValue(call: Call, input: GetSecretValueRequest): GetSecretValueResponse {
  return readValue(call, live(call, input.SecretId), input.VersionId, input.VersionStage);
}

export function batchGetSecretValue(
  call: Call,
  { SecretIdList: ids, Filters: filters, MaxResults, NextToken }: BatchGetSecretValueRequest,
): BatchGetSecretValueResponse {
  if (MaxResults !== undefined && filters === undefined) throw refusals.maxResultsWithoutFilters();
  if ((ids === undefined) === (filters === undefined)) throw refusals.idsOrFilters();
  assertFilters(filters ?? []);
  const found = [...(filters ? call.store.all(call.now) : [])].filter(
    (secret) => !secret.deletedDate && matches(secret, filters ?? []),
  );
  const place = (secret: StoredSecret): Place => [0, call.store.numberOf(secret)];
  const { items, next } = page(found, place, { size: MaxResults ?? 20, token: NextToken });
  const answers = (ids ?? items.map(({ arn }) => arn)).map((id) => {
    try {
      return { value: readValue(call, live(call, id), undefined, undefined) };
    } catch (error) {
      if (!isError(error) || !('$metadata' in error)) throw error;
      return { error: { SecretId: id, ErrorCode: error.name, Message: error.message } };
    }
  });
  return {
    SecretValues: answers.flatMap(({ value }) => value ?? []),
    Errors: answers.flatMap(({ error }) => error ?? []),
    ...(next !== undefined && { NextToken: next }),
  };
}

function readValue(
  call: Call,
  secret: StoredSecret,
  id: string | undefined,
  stage: string | undefined,
): GetSecretValueResponse {
  const version = findVersion(call, secret, id, stage);
  const today = new Date(call.now);
  today.setUTCHours(0, 0, 0, 0);
  secret.lastAccessedDate = today;
  // A stale read returns a copy.
  const stored = secret.versions.get(version.id);
  if (stored) stored.lastAccessedDate = today;
  const { secretString, secretBinary, labels, createdDate } = version;
  return {
    ...identity(secret),
    VersionId: version.id,
    CreatedDate: createdDate,
    ...(secretString !== undefined && { SecretString: secretString }),
    ...(secretBinary !== undefined && { SecretBinary: Uint8Array.from(secretBinary) }),
    ...(labels.size > 0 && { VersionStages: [...labels] }),
  };
}

/** Finds a version by id, by label or by both; without either, AWSCURRENT. */
function findVersion(
  call: Call,
  secret: StoredSecret,
  id: string | undefined,
  stage: string | undefined,
): Version {
  const versions = call.versionsOf(secret);
  const label = stage ?? 'AWSCURRENT';
  const version = id === undefined ? holderOf(versions, label) : versions.get(id);
  if (id !== undefined && !version) throw refusals.noValueFor(`VersionId: ${id}`);
  if (id !== undefined && stage !== undefined && !version?.labels.has(stage))
    throw refusals.labelNotOnVersion();
  if (!version || isEmpty(version)) {
    throw refusals.noValueFor(
      id !== undefined && stage === undefined ? `VersionId: ${id}` : `staging label: ${label}`,
    );
  }
  return version;
}
