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

/** What {@link mend} works with. */
export interface Ways {
  /**
   * Looks at the labels, and tries the versions again.
   *
   * @param next the version to try right after AWSCURRENT, whatever its label
   */
  look(next?: string): Promise<LabelState>;
  readonly client: Pick<SecretsManagerApi, 'updateSecretVersionStage'>;
  /** Runs the four steps with a token, and returns the first failure. Leave it out if the steps cannot run here. */
  readonly resume?: ((token: string) => Promise<Reason | undefined>) | undefined;
  /** Asks whether to make the repair. */
  ask(finding: Finding, repair: Repair): Promise<boolean>;
  tell?(event: MendEvent): void;
  /** Waits. If it rejects, {@link mend} does nothing more. */
  sleep(ms: number): Promise<void>;
  /** Once aborted, {@link mend} does nothing more. */
  readonly signal?: AbortSignal | undefined;
  readonly now?: (() => Date) | undefined;
}

/** An event of {@link mend}, reported as it happens. */
export type MendEvent =
  | { readonly kind: 'found'; readonly state: LabelState; readonly finding: Finding }
  | { readonly kind: 'repaired'; readonly repair: Repair }
  /** The repair was refused, or its outcome is unknown: the next look shows it. */
  | { readonly kind: 'failed'; readonly repair: Repair; readonly reason: Reason }
  | { readonly kind: 'looking-on'; readonly forMs: number };

export interface MendOptions {
  readonly isHurried?: boolean | undefined;
  /** How long to watch after AWSPENDING was removed. @default 900000, the longest that Lambda lets a step run */
  readonly lookOnMs?: number | undefined;
}

/** The result of {@link mend}. */
export interface Mended {
  readonly state: LabelState;
  readonly finding: Finding;
  readonly repairs: readonly Repair[];
  /** The version whose credential finishSecret would have retired, if AWSCURRENT moved without it. */
  readonly unretired?: string | undefined;
}

/** An older verdict proves nothing. */
const FRESH_MS = 10_000;
/** A refused value is tried again after this time: a service may take a while to accept a new one. */
const SECOND_TRY_MS = 5000;

/** Reads are eventually consistent: a label that has just moved may still show where it was. */
const SEEN_AFTER_MS = 1000;

/**
 * Repairs what is safe to repair: one repair at a time, each after a question and before a new look. It keeps no state: killed
 * anywhere and run again, it comes to the same end.
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
    // Some of its steps may have been skipped.
    if (repair.kind === 'resume') signal?.throwIfAborted();
    if (failure) {
      ways.tell?.({ kind: 'failed', repair, reason: failure });
      // The value or the labels are not what they seem: a person must decide.
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

/** Makes a repair by its one call. Returns why it failed; the labels show what became of it. */
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
 * Watches after AWSPENDING was removed: a setSecret that had begun before may still make its value the only one that works.
 * Then AWSCURRENT moves there, unless somebody moved it meanwhile.
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
    // The state is another one now: the list of findings decides.
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
