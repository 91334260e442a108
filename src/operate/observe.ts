import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { versionState } from '../engine/checks.js';
import { Deadline } from '../engine/deadline.js';
import { type SecretsManagerApi, withDeadline } from '../engine/secrets-manager.js';
import { isRotationError } from '../errors.js';
import type { LabelState, Reason, SeenVersion } from './label-state.js';
import { type Candidate, type Probing, probe, type Readable } from './probe.js';

/**
 * Which versions to try. `needed`: as few as the finding depends on. `labelled`: all that have a label. `all`: also the ten
 * newest without one.
 */
type Which = 'needed' | 'labelled' | 'all';

export interface ObserveOptions {
  readonly which?: Which | undefined;
  /** The number of refused logins after which no other version is tried. @default 2 */
  readonly refusals?: number | undefined;
  /** The version to try right after AWSCURRENT, whatever its label. */
  readonly next?: string | undefined;
  readonly now?: (() => Date) | undefined;
}

interface Described {
  readonly secret: DescribeSecretResponse;
  readonly versions: readonly Listed[];
}

interface Listed {
  readonly id: string;
  readonly labels: readonly string[];
  readonly createdAt?: Date | undefined;
}

/** At most so many versions without a label are tried. */
const MOST_UNLABELLED = 10;

/**
 * Returns the labels of a secret, and the service's verdicts on its versions. It reads and logs in; it changes nothing. After
 * two refused logins it tries no other version, since a service may lock the user after three.
 *
 * @throws RotationError if Secrets Manager does not describe the secret
 */
export async function observe<Secret extends object, Field extends keyof Secret & string>(
  probing: Probing<Secret, Field>,
  { which = 'needed', refusals = 2, next, now = () => new Date() }: ObserveOptions = {},
): Promise<LabelState> {
  // Before the calls: labels may move while logins are tried.
  const seenAt = now();
  const { secret, versions: listed } = await describe(probing.client, probing.secretId);
  const { RotationEnabled, RotationLambdaARN, LastChangedDate, LastRotatedDate } = secret;
  const elsewhere = elsewhereOf(secret);
  const shown: Record<string, string> = {};
  const versions = elsewhere
    ? listed.map((version) => ({ ...version, verdict: 'untried', isCopyOfCurrent: false }) as const)
    : await tried(listed, probing, { which, refusals, next, shown });
  return {
    secretId: secret.ARN ?? probing.secretId,
    seenAt,
    rotation: RotationEnabled === undefined ? 'never' : RotationEnabled ? 'on' : 'off',
    versions,
    ...(Object.keys(shown).length > 0 && { shown }),
    ...(elsewhere && { elsewhere }),
    ...(RotationLambdaARN !== undefined && { functionArn: RotationLambdaARN }),
    ...(LastChangedDate && { lastChangedAt: LastChangedDate }),
    ...(LastRotatedDate && { lastRotatedAt: LastRotatedDate }),
  };
}

/** Returns labels from DescribeSecret; ages and versions without a label from ListSecretVersionIds. */
async function describe(client: SecretsManagerApi, SecretId: string): Promise<Described> {
  const deadline = new Deadline(undefined);
  try {
    const api = withDeadline(client, deadline);
    const secret = await api.describeSecret({ SecretId });
    const { VersionIdsToStages = {} } = secret;
    const dates = await datesOf(api, SecretId);
    const labelled = Object.entries(VersionIdsToStages).map(([id, labels]) => ({
      id,
      labels,
      createdAt: dates.get(id),
    }));
    const rest = [...dates].filter(([id]) => !Object.hasOwn(VersionIdsToStages, id));
    const unlabelled = rest.map(([id, createdAt]) => ({ id, labels: [], createdAt }));
    return { secret, versions: [...labelled, ...unlabelled] };
  } finally {
    deadline.end();
  }
}

/** Returns when each version was made: nothing without the right to list them, and then no repair that needs an age is made. */
async function datesOf(
  api: SecretsManagerApi,
  SecretId: string,
): Promise<ReadonlyMap<string, Date | undefined>> {
  const dates = new Map<string, Date | undefined>();
  try {
    let NextToken: string | undefined;
    do {
      const page = await api.listSecretVersionIds?.({
        SecretId,
        IncludeDeprecated: true,
        MaxResults: 100,
        ...(NextToken !== undefined && { NextToken }),
      });
      for (const { VersionId, CreatedDate } of page?.Versions ?? []) {
        if (VersionId !== undefined) dates.set(VersionId, CreatedDate);
      }
      NextToken = page?.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    if (!isRotationError(error)) throw error;
    // Not half a list: the version that works may be in the other half.
    return new Map();
  }
  return dates;
}

/** Returns why nobody repairs the secret here, by the engine's own checks. Rotation that is off is no such reason. */
function elsewhereOf(secret: DescribeSecretResponse): Reason | undefined {
  try {
    versionState(secret, '');
  } catch (error) {
    if (!isRotationError(error) || error.code === 'ERR_SECRETS_MANAGER_FAILED') throw error;
    if (error.code !== 'ERR_ROTATION_DISABLED')
      return { code: error.code, message: error.message, hint: error.hint };
  }
  return undefined;
}

interface Limits {
  readonly which: Which;
  readonly refusals: number;
  readonly next: string | undefined;
  /** Filled by {@link tried}. */
  readonly shown: Record<string, string>;
}

/** Tries versions in order: AWSCURRENT, AWSPENDING, AWSPREVIOUS, other labels, then the newest without one. */
async function tried<Secret extends object, Field extends keyof Secret & string>(
  listed: readonly Listed[],
  probing: Probing<Secret, Field>,
  { which, refusals, next, shown }: Limits,
): Promise<readonly SeenVersion[]> {
  const { read, tryOut, differsFrom, isCopyOf } = probe(probing);
  const seen = new Map<string, SeenVersion>();
  let left = refusals;
  let current: Readable<Secret> | undefined;
  for (const version of inOrder(listed, next)) {
    const isWanted = which === 'needed' ? isNeeded(version, [...seen.values()]) : isAsked(version, which);
    const found = isWanted ? await verdictOf(version) : await placeOf(version, [...seen.values()]);
    seen.set(version.id, { isCopyOfCurrent: false, ...version, ...found });
  }
  return [...seen.values()];

  /** While AWSPENDING is empty, only AWSPREVIOUS can show that this is the wrong rotator: single-user, where two users alternate. */
  async function placeOf(
    { id, labels }: Listed,
    before: readonly SeenVersion[],
  ): Promise<Pick<SeenVersion, 'verdict' | 'reason'>> {
    const isPendingEmpty = before.some(
      (each) => each.labels.includes('AWSPENDING') && each.verdict === 'empty',
    );
    if (!current || !isPendingEmpty || !labels.includes('AWSPREVIOUS')) return { verdict: 'untried' };
    const candidate = await read(id);
    const reason = 'verdict' in candidate ? undefined : differsFrom(current, candidate);
    return reason ? { verdict: 'foreign', reason } : { verdict: 'untried' };
  }

  async function verdictOf({
    id,
    labels,
  }: Listed): Promise<Partial<SeenVersion> & Pick<SeenVersion, 'verdict'>> {
    const candidate: Candidate<Secret> = await read(id);
    if ('verdict' in candidate) return candidate;
    const { stored, secret } = candidate;
    if (labels.includes('AWSCURRENT')) {
      current = candidate;
      for (const field of probing.rotator.shows) {
        const value = stored.json[field];
        if (typeof value === 'string' || typeof value === 'number') shown[field] = String(value);
      }
    } else {
      // Only AWSCURRENT says which place is the right one.
      if (!current) return { verdict: 'untried' };
      const reason = differsFrom(current, candidate);
      if (reason) return { verdict: 'foreign', reason };
    }
    if (left <= 0) return { verdict: 'untried' };
    const isCopyOfCurrent =
      current !== candidate && current !== undefined && isCopyOf(current.stored, stored);
    const found = await tryOut(id, secret);
    if (found.verdict === 'refused') left--;
    return { isCopyOfCurrent, ...found };
  }
}

function isAsked({ labels }: Listed, which: Which): boolean {
  return which === 'all' || labels.length > 0;
}

/** Whether a version can still change the finding, given the verdicts before it. */
function isNeeded({ labels }: Listed, seen: readonly SeenVersion[]): boolean {
  const holder = (label: string) => seen.find((each) => each.labels.includes(label));
  const [current, pending] = [holder('AWSCURRENT'), holder('AWSPENDING')];
  if (labels.includes('AWSCURRENT')) return true;
  if (seen.some(({ verdict }) => verdict === 'locked')) return false;
  if (current?.verdict !== 'accepted' && current?.verdict !== 'refused') return false;
  if (labels.includes('AWSPENDING')) return true;
  if (current.verdict === 'accepted' || pending?.verdict === 'accepted' || pending?.verdict === 'unknown')
    return false;
  return holder('AWSPREVIOUS')?.verdict !== 'accepted';
}

const RANKS = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'];

function inOrder(listed: readonly Listed[], next: string | undefined): readonly Listed[] {
  const rank = ({ id, labels }: Listed) => {
    const known = RANKS.findIndex((label) => labels.includes(label));
    if (id === next && known !== 0) return 0.5;
    if (known >= 0) return known;
    return RANKS.length + (labels.length > 0 ? 0 : 1);
  };
  const age = ({ createdAt }: Listed) => createdAt?.getTime() ?? 0;
  const sorted = listed.toSorted((one, other) => rank(one) - rank(other) || age(other) - age(one));
  const isUnlabelled = ({ id, labels }: Listed) => labels.length === 0 && id !== next;
  return [
    ...sorted.filter((each) => !isUnlabelled(each)),
    ...sorted.filter(isUnlabelled).slice(0, MOST_UNLABELLED),
  ];
}
