/**
 * What a test of a version found. `unknown`: the service could not be asked. `locked`: the service does not let the user in,
 * whatever the password. `foreign`: the version names another place, and was never tried. `untried`: the version makes no
 * difference, or would have been one refused login too many.
 */
export type VersionVerdict =
  | 'accepted'
  | 'refused'
  | 'unknown'
  | 'locked'
  | 'empty'
  | 'malformed'
  | 'foreign'
  | 'untried';

/** The reason of a verdict, without a value. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A version of a secret, with the service's verdict on its value. */
export interface SeenVersion {
  readonly id: string;
  readonly labels: readonly string[];
  /** Absent if unknown: Secrets Manager does not list the age of an empty version. */
  readonly createdAt?: Date | undefined;
  readonly verdict: VersionVerdict;
  readonly reason?: Reason | undefined;
  /** Whether it is another version than AWSCURRENT, with the same value in every field that rotates. */
  readonly isCopyOfCurrent: boolean;
}

/** The labels and verdicts of a secret at one time. */
export interface LabelState {
  /** The ARN. */
  readonly secretId: string;
  readonly seenAt: Date;
  /** Why nobody repairs the secret here: another service manages it, it is a replica, or it is marked for deletion. */
  readonly elsewhere?: Reason | undefined;
  /** `off`: somebody cancelled it. `never`: nobody ever turned it on. */
  readonly rotation: 'on' | 'off' | 'never';
  readonly functionArn?: string | undefined;
  readonly lastChangedAt?: Date | undefined;
  readonly lastRotatedAt?: Date | undefined;
  readonly versions: readonly SeenVersion[];
  /** The fields of AWSCURRENT that the rotator shows: user, host. */
  readonly shown?: Readonly<Record<string, string>> | undefined;
}

/** The longest that Lambda lets a function run: after that, no step that had begun can still change the service. */
export const LONGEST_STEP_MS = 900_000;

/** The parts of a {@link LabelState} that decide what it means. */
export interface Sight {
  readonly state: LabelState;
  readonly current: SeenVersion | undefined;
  /** Absent if AWSPENDING is on AWSCURRENT, where it means nothing. */
  readonly pending: SeenVersion | undefined;
  readonly previous: SeenVersion | undefined;
  /** The versions with another label, or without one. */
  readonly others: readonly SeenVersion[];
  /** Whether AWSPENDING is still on a version that was AWSCURRENT once. */
  readonly isPendingOnPrevious: boolean;
}

export function sightOf(state: LabelState): Sight {
  const holder = (label: string) => state.versions.find(({ labels }) => labels.includes(label));
  const [current, pending, previous] = [holder('AWSCURRENT'), holder('AWSPENDING'), holder('AWSPREVIOUS')];
  const named = [current, pending, previous];
  return {
    state,
    current,
    pending: pending === current ? undefined : pending,
    previous,
    others: state.versions.filter((version) => !named.includes(version)),
    isPendingOnPrevious: pending !== undefined && pending === previous,
  };
}

/** Whether a step may be running or a person may be at work: the secret changed within a step's time, or nobody knows when. */
export function isYoung(sight: Sight): boolean {
  const end = youngUntil(sight);
  return end === undefined || sight.state.seenAt < end;
}

/** Returns when it stops being young, if nothing changes meanwhile; `undefined` if nobody knows. */
function youngUntil({ state: { lastChangedAt }, pending }: Sight): Date | undefined {
  if (lastChangedAt === undefined) return undefined;
  return new Date(Math.max(lastChangedAt.getTime(), pending?.createdAt?.getTime() ?? 0) + LONGEST_STEP_MS);
}

/** Returns how long to wait: `until 03:29 UTC`, rounded up to the minute. */
export function waitInWords(sight: Sight): string {
  const end = youngUntil(sight);
  if (end === undefined) return 'until 15 minutes have passed';
  return `until ${new Date(end.getTime() + 59_999).toISOString().slice(11, 16)} UTC`;
}

/** Whether a version is known to be newer than AWSCURRENT. */
export function isNewer({ createdAt }: SeenVersion, { current }: Sight): boolean {
  return createdAt !== undefined && current?.createdAt !== undefined && createdAt > current.createdAt;
}

/** Whether a rotation has ended since the version was made: then it was AWSCURRENT, and somebody moved the label away. */
export function wasCurrent({ createdAt, labels }: SeenVersion, { state: { lastRotatedAt } }: Sight): boolean {
  if (labels.includes('AWSPREVIOUS')) return true;
  return createdAt !== undefined && lastRotatedAt !== undefined && lastRotatedAt >= createdAt;
}

/** Whether a version certainly does not work, or is for another place. */
export function isDead({ verdict }: SeenVersion): boolean {
  return ['refused', 'empty', 'malformed', 'foreign'].includes(verdict);
}

export function is(version: SeenVersion | undefined, ...verdicts: readonly VersionVerdict[]): boolean {
  return version !== undefined && verdicts.includes(version.verdict);
}
