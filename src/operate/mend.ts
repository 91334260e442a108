import { Deadline } from '../engine/deadline.js';
import { type SecretsManagerApi, withDeadline } from '../engine/secrets-manager.js';
import { diagnose, type Finding } from './findings.js';
import {
  isNewer,
  type LabelState,
  LONGEST_STEP_MS,
  type Reason,
  sightOf,
  wasCurrent,
} from './label-state.js';
import type { Repair } from './repairs.js';

/** What a repair works with, and whom it asks. */
export interface Ways {
  /**
   * Looks at the labels and tries the versions anew.
   *
   * @param next the version to try right after AWSCURRENT, whatever its label
   */
  look(next?: string): Promise<LabelState>;
  readonly client: Pick<SecretsManagerApi, 'updateSecretVersionStage'>;
  /**
   * Takes the four steps with a token, to the end or to the first failure, which it returns. Absent: nobody can from here.
   */
  readonly resume?: ((token: string) => Promise<Reason | undefined>) | undefined;
  /** Whether to make the repair. */
  ask(finding: Finding, repair: Repair): Promise<boolean>;
  tell?(event: MendEvent): void;
  /** Waits; when it rejects, nothing more is done. */
  sleep(ms: number): Promise<void>;
  /** Once it is aborted nothing more is done. */
  readonly signal?: AbortSignal | undefined;
  readonly now?: (() => Date) | undefined;
}

/** What has happened, while it happens. */
export type MendEvent =
  | { readonly kind: 'found'; readonly state: LabelState; readonly finding: Finding }
  | { readonly kind: 'repaired'; readonly repair: Repair }
  /** It was refused, or nobody knows: the next look tells what has become of it. */
  | { readonly kind: 'failed'; readonly repair: Repair; readonly reason: Reason }
  | { readonly kind: 'looking-on'; readonly forMs: number };

export interface MendOptions {
  readonly isHurried?: boolean | undefined;
  /** For how long to look on after AWSPENDING was taken off. @default 900000, the longest that Lambda lets a step run */
  readonly lookOnMs?: number | undefined;
}

/** How it ended. */
export interface Mended {
  readonly state: LabelState;
  readonly finding: Finding;
  readonly repairs: readonly Repair[];
  /** The version whose credential finishSecret would have retired: AWSCURRENT moved without it. */
  readonly unretired?: string | undefined;
}

/** A verdict that is older is no proof. */
const FRESH_MS = 10_000;
/** What was refused is tried again after this time: a service takes a while to accept a new value. */
const SECOND_TRY_MS = 5000;

/** Reads are eventually consistent: a label that has just moved may be shown where it was. */
const SEEN_AFTER_MS = 1000;

/**
 * Repairs what may be repaired: one repair at a time, each asked for, each followed by a new look. It keeps no state, so that
 * one which was killed anywhere, and run again, comes to the same end.
 */
export async function mend(ways: Ways, options: MendOptions = {}): Promise<Mended> {
  const { now = () => new Date(), signal } = ways;
  const { isHurried, lookOnMs = LONGEST_STEP_MS } = options;
  const tried = new Set<string>();
  const repairs: Repair[] = [];
  let agreed: string | undefined;
  let unretired: string | undefined;
  for (;;) {
    const state = await ways.look();
    const finding = diagnose(state, { isHurried });
    ways.tell?.({ kind: 'found', state, finding });
    const repair = finding.repairs.find(
      (each) => !tried.has(keyOf(each)) && (each.kind !== 'resume' || ways.resume),
    );
    const end = { state, finding, repairs, unretired };
    if (!repair) return end;
    if (agreed !== keyOf(repair)) {
      if (!(await ways.ask(finding, repair))) return end;
      agreed = keyOf(repair);
      if (repair.kind === 'drop') await ways.sleep(SECOND_TRY_MS);
      const isFresh = now().getTime() - state.seenAt.getTime() < FRESH_MS;
      if (repair.kind === 'drop' || !isFresh) continue;
    }
    agreed = undefined;
    tried.add(keyOf(repair));
    const failure = await make(repair, state.secretId, ways);
    // Its steps may have been left out.
    if (repair.kind === 'resume') signal?.throwIfAborted();
    if (failure) {
      ways.tell?.({ kind: 'failed', repair, reason: failure });
      // The value or the labels are not what they seem: that is for a person.
      if (repair.kind === 'resume' && FORBIDS_MORE.has(failure.code))
        return { ...(await lookOnce()), repairs, unretired };
      continue;
    }
    repairs.push(repair);
    ways.tell?.({ kind: 'repaired', repair });
    if (repair.kind !== 'resume') await ways.sleep(SEEN_AFTER_MS);
    if (repair.kind === 'promote') unretired = sightOf(state).previous?.id;
    if (repair.kind === 'drop' && !isNamedElsewhere(state)) {
      const healed = await lookOn(state, ways, lookOnMs);
      if (healed) repairs.push(healed);
    }
  }

  async function lookOnce(): Promise<Pick<Mended, 'state' | 'finding'>> {
    const state = await ways.look();
    const finding = diagnose(state, { isHurried });
    ways.tell?.({ kind: 'found', state, finding });
    return { state, finding };
  }
}

/** Makes a repair by its one call. Why it failed is returned: the labels say what has become of it. */
async function make(repair: Repair, SecretId: string, ways: Ways): Promise<Reason | undefined> {
  ways.signal?.throwIfAborted();
  if (repair.kind === 'resume') return ways.resume?.(repair.token);
  const deadline = new Deadline(undefined);
  try {
    const api = withDeadline(ways.client as SecretsManagerApi, deadline);
    await api.updateSecretVersionStage(
      repair.kind === 'promote'
        ? {
            SecretId,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: repair.to,
            RemoveFromVersionId: repair.from,
          }
        : { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: repair.from },
    );
    return undefined;
  } catch (error) {
    const { code, message, hint } = error as Reason & Error;
    return { code, message, ...(hint !== undefined && { hint }) };
  } finally {
    deadline.end();
  }
}

/**
 * Looks on after AWSPENDING was taken off: a setSecret that had begun before may still make its value the only one that
 * works. Then AWSCURRENT moves there, unless somebody has moved it meanwhile.
 */
async function lookOn(before: LabelState, ways: Ways, forMs: number): Promise<Repair | undefined> {
  const { now = () => new Date() } = ways;
  const { current, pending } = sightOf(before);
  if (!current || !pending) return undefined;
  ways.tell?.({ kind: 'looking-on', forMs });
  const until = now().getTime() + forMs;
  for (let wait = 1000; ; wait = Math.min(wait * 2, 30_000)) {
    const sight = sightOf(await ways.look(pending.id));
    const dropped = sight.state.versions.find(({ id }) => id === pending.id);
    const isLocked = sight.current?.id === current.id && sight.current.verdict === 'refused';
    if (
      isLocked &&
      dropped?.verdict === 'accepted' &&
      dropped.labels.length === 0 &&
      isNewer(dropped, sight) &&
      !wasCurrent(dropped, sight)
    ) {
      const repair: Repair = { kind: 'promote', to: dropped.id, from: current.id };
      const reason = await make(repair, before.secretId, ways);
      ways.tell?.(reason ? { kind: 'failed', repair, reason } : { kind: 'repaired', repair });
      return reason ? undefined : repair;
    }
    // It is not what it was before: the list decides.
    if (sight.current?.id !== current.id || sight.current.verdict === 'refused') return undefined;
    const left = until - now().getTime();
    if (left <= 0) return undefined;
    await ways.sleep(Math.min(wait, left));
  }
}

function isNamedElsewhere(state: LabelState): boolean {
  const { pending, isPendingOnPrevious } = sightOf(state);
  return isPendingOnPrevious || pending?.isCopyOfCurrent === true;
}

function keyOf(repair: Repair): string {
  return repair.kind === 'promote'
    ? `promote ${repair.to}`
    : `${repair.kind} ${repair.kind === 'resume' ? repair.token : repair.from}`;
}

const FORBIDS_MORE: ReadonlySet<string> = new Set([
  'ERR_PENDING_MISMATCH',
  'ERR_SECRET_MALFORMED',
  'ERR_DUPLICATE_KEYS',
  'ERR_ROTATION_UNDONE',
  'ERR_ROTATION_ABANDONED',
  'ERR_ROTATION_DISABLED',
  'ERR_CURRENT_MOVED',
  'ERR_CREDENTIAL_REJECTED',
  'ERR_CREDENTIAL_UNPROVEN',
]);
