import type {
  DescribeSecretResponse,
  SecretListEntry,
  SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';

/**
 * The states of a secret, the worst first. `in-flight`: a rotation is not complete, and may be under way. `stuck`: it is too
 * old for that, or nothing will complete it. `replica` and `managed`: the primary secret, or another service, rotates it.
 */
export const SECRET_STATES = [
  'stuck',
  'in-flight',
  'overdue',
  'unreplicated',
  'deleted',
  'off',
  'unused',
  'ok',
  'replica',
  'managed',
] as const;

export type SecretState = (typeof SECRET_STATES)[number];

/** Why nothing will complete a rotation, whatever its age. */
type PendingTrouble = 'rotation-off' | 'on-previous';

interface LabelledVersion {
  readonly versionId: string;
  readonly labels: readonly string[];
  /** Absent without an answer of ListSecretVersionIds, or if the version has no value yet. */
  readonly createdDate: Date | undefined;
}

/** What a secret's labels and dates show, without its value. */
export interface Timeline {
  readonly name: string;
  readonly arn: string;
  readonly region: string | undefined;
  readonly state: SecretState;
  /** Whether nobody needs to look at it. */
  readonly isHealthy: boolean;
  /** In the order of other labels, AWSPREVIOUS, AWSCURRENT, AWSPENDING. */
  readonly versions: readonly LabelledVersion[];
  /** The version of a rotation that is not complete. */
  readonly pending: Pending | undefined;
  readonly isRotationOn: boolean;
  readonly functionArn: string | undefined;
  /** `30 days`, `cron(0 8 1 * ? *)`. */
  readonly schedule: string | undefined;
  readonly lastRotatedDate: Date | undefined;
  readonly nextRotationDate: Date | undefined;
  readonly lastAccessedDate: Date | undefined;
  readonly deletedDate: Date | undefined;
  readonly owningService: string | undefined;
  /** The Region of the primary secret, if this one is a replica. */
  readonly replicaOf: string | undefined;
  readonly replicas: readonly Replica[];
}

interface Pending {
  readonly versionId: string;
  /**
   * When its version was made. In a list, and for a version without a value: when the secret last changed; the rotation is
   * at least that old.
   */
  readonly since: Date | undefined;
  readonly trouble: PendingTrouble | undefined;
}

interface Replica {
  readonly region: string;
  readonly status: string;
  readonly message: string | undefined;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** The longest that Lambda lets a function run: until then, a rotation may be under way. */
const YOUNG = 15 * MINUTE;
/** NextRotationDate is the end of a window, and a rotation takes its time. */
const OVERDUE = DAY;
const UNUSED = 90 * DAY;

interface TimelineOptions {
  readonly now: Date;
  /** The age from which a rotation that is not complete counts as stuck. */
  readonly stuckAfterMs: number;
}

/**
 * Returns the state and the dates of a secret.
 *
 * @param secret DescribeSecret's answer, or an entry of ListSecrets, which does not list replicas
 * @param versions ListSecretVersionIds's answer, if there is one
 */
export function timelineOf(
  secret: DescribeSecretResponse | SecretListEntry,
  versions: readonly SecretVersionsListEntry[] | undefined,
  options: TimelineOptions,
): Timeline {
  const { ARN: arn = '', Name: name = arn, OwningService, PrimaryRegion } = secret;
  const region = arn.split(':')[3];
  const rules = secret.RotationRules;
  const facts = {
    ...{ name, arn, region },
    versions: labelledVersions(secret, versions ?? []),
    isRotationOn: secret.RotationEnabled === true,
    functionArn: secret.RotationLambdaARN || undefined,
    schedule: scheduleOf(rules?.ScheduleExpression, rules?.AutomaticallyAfterDays),
    lastRotatedDate: secret.LastRotatedDate,
    nextRotationDate: secret.NextRotationDate,
    lastAccessedDate: secret.LastAccessedDate,
    deletedDate: secret.DeletedDate,
    owningService: OwningService || undefined,
    replicaOf: PrimaryRegion && PrimaryRegion !== region ? PrimaryRegion : undefined,
    replicas: replicasOf(secret),
  };
  const pending = pendingOf(facts, secret.LastChangedDate);
  const usedDate = secret.LastAccessedDate ?? secret.CreatedDate;
  const state = stateOf({ ...facts, pending, usedDate }, options);
  return { ...facts, pending, state, isHealthy: isHealthy(state, pending, options.now) };
}

/** Orders a list: the worst first, then the one that waits longest, then by name. */
export function byUrgency(one: Timeline, other: Timeline): number {
  const rank = ({ state, isHealthy }: Timeline) =>
    SECRET_STATES.indexOf(isHealthy && state === 'in-flight' ? 'ok' : state);
  const since = ({ pending, nextRotationDate }: Timeline) =>
    (pending?.since ?? nextRotationDate)?.getTime() ?? Number.POSITIVE_INFINITY;
  const isOlder = (ours: number, theirs: number) => (ours === theirs ? 0 : ours - theirs);
  return (
    rank(one) - rank(other) ||
    (one.isHealthy ? 0 : isOlder(since(one), since(other))) ||
    (one.name < other.name ? -1 : Number(one.name > other.name))
  );
}

type Facts = Omit<Timeline, 'state' | 'isHealthy' | 'pending'>;

const ORDER = ['AWSPREVIOUS', 'AWSCURRENT', 'AWSPENDING'];

function labelledVersions(
  secret: DescribeSecretResponse | SecretListEntry,
  versions: readonly SecretVersionsListEntry[],
): readonly LabelledVersion[] {
  const labels = labelsOf(secret);
  const rank = (version: LabelledVersion) => Math.max(...version.labels.map((label) => ORDER.indexOf(label)));
  return Object.entries(labels)
    .filter(([, stages]) => stages.length > 0)
    .map(([versionId, stages]) => ({
      versionId,
      labels: stages.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b) || (a < b ? -1 : 1)),
      createdDate: versions.find(({ VersionId }) => VersionId === versionId)?.CreatedDate,
    }))
    .sort((a, b) => rank(a) - rank(b));
}

function labelsOf(secret: DescribeSecretResponse | SecretListEntry): Readonly<Record<string, string[]>> {
  // The two calls name the same thing differently.
  if ('VersionIdsToStages' in secret) return secret.VersionIdsToStages ?? {};
  return ('SecretVersionsToStages' in secret && secret.SecretVersionsToStages) || {};
}

function replicasOf(secret: DescribeSecretResponse | SecretListEntry): readonly Replica[] {
  const replicas = ('ReplicationStatus' in secret && secret.ReplicationStatus) || [];
  return replicas.map(({ Region = '', Status = '', StatusMessage }) => ({
    region: Region,
    status: Status,
    message: StatusMessage || undefined,
  }));
}

function pendingOf(
  { versions, isRotationOn }: Facts,
  lastChangedDate: Date | undefined,
): Pending | undefined {
  const pending = versions.find(({ labels }) => labels.includes('AWSPENDING'));
  // A rotation may end with both on one version.
  if (!pending || pending.labels.includes('AWSCURRENT')) return undefined;
  const { versionId, createdDate, labels } = pending;
  const trouble = labels.includes('AWSPREVIOUS') ? 'on-previous' : isRotationOn ? undefined : 'rotation-off';
  return { versionId, since: createdDate ?? lastChangedDate, trouble };
}

function ageOf(date: Date | undefined, now: Date): number | undefined {
  return date === undefined ? undefined : now.getTime() - date.getTime();
}

type Judged = Facts & { readonly pending: Pending | undefined; readonly usedDate: Date | undefined };

function stateOf(secret: Judged, { now, stuckAfterMs }: TimelineOptions): SecretState {
  const { pending, isRotationOn } = secret;
  // Nothing rotates it any more, whatever its labels say.
  if (secret.deletedDate) return 'deleted';
  if (secret.replicaOf !== undefined) return 'replica';
  if (pending) {
    // An unknown age counts as young: the rotation may just have begun.
    const isOld = (ageOf(pending.since, now) ?? 0) > stuckAfterMs;
    return isOld || pending.trouble ? 'stuck' : 'in-flight';
  }
  if (isRotationOn && (ageOf(secret.nextRotationDate, now) ?? 0) > OVERDUE) return 'overdue';
  if (secret.replicas.some(({ status }) => status === 'Failed')) return 'unreplicated';
  if (!isRotationOn) return secret.owningService === undefined ? 'off' : 'managed';
  if ((ageOf(secret.usedDate, now) ?? 0) > UNUSED) return 'unused';
  return 'ok';
}

function isHealthy(state: SecretState, pending: Pending | undefined, now: Date): boolean {
  if (state === 'in-flight') return (ageOf(pending?.since, now) ?? 0) <= YOUNG;
  return state === 'ok' || state === 'replica' || state === 'managed';
}

function scheduleOf(expression: string | undefined, days: number | undefined): string | undefined {
  const [, number, unit = ''] = /^rate\((\d+) (\w+?)s?\)$/.exec(expression ?? '') ?? [];
  if (number !== undefined) return Number(number) === 1 ? unit : `${number} ${unit}s`;
  if (expression) return expression;
  if (days === undefined) return undefined;
  return days === 1 ? 'day' : `${days} days`;
}
