/**
 * What was found of a version. `unknown`: nobody could find out; `locked`: the service lets the user in with no password,
 * right or wrong; `foreign`: it names another place, and was never tried; `untried`: it was not needed, or would have been one
 * refused login too many.
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

/** Why a verdict is what it is, without a value. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A version of a secret, with what the service says of its value. */
export interface SeenVersion {
  readonly id: string;
  readonly labels: readonly string[];
  /** Absent if Secrets Manager did not say: of an empty version it does not. */
  readonly createdAt?: Date | undefined;
  readonly verdict: VersionVerdict;
  readonly reason?: Reason | undefined;
  /** Whether it has another id than AWSCURRENT, and the same value in every field that rotates. */
  readonly isCopyOfCurrent: boolean;
}

/** A secret with its labels and verdicts, as they were at one time. */
export interface LabelState {
  /** The ARN. */
  readonly secretId: string;
  readonly seenAt: Date;
  /** Why the secret is not repaired here at all: it is managed by a service, a replica, or marked for deletion. */
  readonly elsewhere?: Reason | undefined;
  /** `off`: somebody has cancelled it. `never`: it was never turned on. */
  readonly rotation: 'on' | 'off' | 'never';
  readonly functionArn?: string | undefined;
  readonly lastChangedAt?: Date | undefined;
  readonly lastRotatedAt?: Date | undefined;
  readonly versions: readonly SeenVersion[];
  /** What AWSCURRENT shows of itself: user, host. */
  readonly shown?: Readonly<Record<string, string>> | undefined;
}

/** No Lambda function runs longer, so that no step which had begun by then can still change the service. */
export const LONGEST_STEP_MS = 900_000;

/** The parts of a state that decide. */
export interface Sight {
  readonly state: LabelState;
  readonly current: SeenVersion | undefined;
  /** AWSPENDING, unless it is on AWSCURRENT, where it means nothing. */
  readonly pending: SeenVersion | undefined;
  readonly previous: SeenVersion | undefined;
  /** Those with another label, or with none. */
  readonly others: readonly SeenVersion[];
  /** Whether AWSPENDING has been left on a version that was AWSCURRENT once. */
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

/**
 * Whether a step may be running, or a person be at work: something has changed within the time that a step may take. What
 * nobody knows counts as young.
 */
export function isYoung(sight: Sight): boolean {
  const end = youngUntil(sight);
  return end === undefined || sight.state.seenAt < end;
}

/** When it is no longer young, if nothing changes meanwhile; `undefined` if nobody knows. */
function youngUntil({ state: { lastChangedAt }, pending }: Sight): Date | undefined {
  if (lastChangedAt === undefined) return undefined;
  return new Date(Math.max(lastChangedAt.getTime(), pending?.createdAt?.getTime() ?? 0) + LONGEST_STEP_MS);
}

/** `until 03:29 UTC`: what somebody who waits must know. The minute is the one in which it is over. */
export function waitInWords(sight: Sight): string {
  const end = youngUntil(sight);
  if (end === undefined) return 'until 15 minutes have passed';
  return `until ${new Date(end.getTime() + 59_999).toISOString().slice(11, 16)} UTC`;
}

/** Whether a version is known to have been made after AWSCURRENT. */
export function isNewer({ createdAt }: SeenVersion, { current }: Sight): boolean {
  return createdAt !== undefined && current?.createdAt !== undefined && createdAt > current.createdAt;
}

/** Whether a rotation has ended since a version was made: then it was AWSCURRENT, and somebody has moved the label since. */
export function wasCurrent({ createdAt, labels }: SeenVersion, { state: { lastRotatedAt } }: Sight): boolean {
  if (labels.includes('AWSPREVIOUS')) return true;
  return createdAt !== undefined && lastRotatedAt !== undefined && lastRotatedAt >= createdAt;
}

/** Whether it is certain that a version does not work, or that it is for another place. */
export function isDead({ verdict }: SeenVersion): boolean {
  return ['refused', 'empty', 'malformed', 'foreign'].includes(verdict);
}
