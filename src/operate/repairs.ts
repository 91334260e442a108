import {
  isDead,
  isNewer,
  isYoung,
  type SeenVersion,
  type Sight,
  waitInWords,
  wasCurrent,
} from './label-state.js';

/** A repair as data. Each label moves by compare-and-set. */
export type Repair =
  /** The four steps again, with the token of the stuck version, as Secrets Manager itself repeats them. */
  | { readonly kind: 'resume'; readonly token: string }
  /** AWSCURRENT moves. */
  | { readonly kind: 'promote'; readonly to: string; readonly from: string }
  /** AWSPENDING goes. */
  | { readonly kind: 'drop'; readonly from: string };

/** Returns why a repair is not safe in a state; `undefined` if it is. Suggested repairs pass the same guards as those made. */
export function objection(repair: Repair, sight: Sight): string | undefined {
  switch (repair.kind) {
    case 'resume':
      return objectionToResume(repair.token, sight);
    case 'promote':
      return objectionToPromote(repair, sight);
    case 'drop':
      return objectionToDrop(repair.from, sight);
  }
}

function objectionToResume(token: string, sight: Sight): string | undefined {
  const { state, current, pending, previous } = sight;
  if (state.elsewhere) return state.elsewhere.message;
  if (!pending || pending.id !== token) return 'AWSPENDING is not on that version';
  if (state.rotation === 'off') return 'rotation is off, so every step is refused';
  if (pending.isCopyOfCurrent) return 'AWSPENDING is a copy of AWSCURRENT, left by a test';
  if (pending.verdict === 'empty') {
    if (previous?.verdict === 'foreign') return OTHER_ROTATOR;
    // createSecret has yet to make its value: it will be the newest.
    return current?.verdict === 'accepted' ? undefined : NOBODY_OPENS;
  }
  if (pending.verdict !== 'accepted' && pending.verdict !== 'refused')
    return `AWSPENDING is ${pending.verdict}`;
  if (wasCurrent(pending, sight)) return UNDONE;
  if (!isNewer(pending, sight)) return OLDER;
  const opens = [current, pending].some((version) => version?.verdict === 'accepted');
  return opens ? undefined : NOBODY_OPENS;
}

function objectionToPromote(
  { to, from }: Repair & { readonly kind: 'promote' },
  sight: Sight,
): string | undefined {
  const { state, current, pending, previous, others } = sight;
  const target = state.versions.find(({ id }) => id === to);
  if (state.elsewhere) return state.elsewhere.message;
  if (!current || current.id !== from) return 'AWSCURRENT is not on that version';
  if (current.verdict !== 'refused') return `AWSCURRENT is ${current.verdict}, not refused`;
  if (target?.verdict !== 'accepted') return `version ${to} is ${target?.verdict ?? 'missing'}, not accepted`;
  if (wasCurrent(target, sight)) return UNDONE;
  if (!isNewer(target, sight)) return OLDER;
  if (target === pending) return undefined;
  if (target.labels.length > 0) return `somebody gave it the label ${target.labels.join(', ')}`;
  if (others.filter(({ verdict }) => verdict === 'accepted').length > 1) return 'more than one version works';
  if (previous && !isDead(previous)) return `AWSPREVIOUS is ${previous.verdict}`;
  if (pending && !isDead(pending)) return `AWSPENDING is ${pending.verdict}`;
  // Where nothing rotates, a person made and left the version without a label.
  if (state.rotation !== 'on') return 'rotation is not on';
  if (isYoung(sight)) return young(sight);
  return undefined;
}

function objectionToDrop(from: string, sight: Sight): string | undefined {
  const { state, current, pending, isPendingOnPrevious } = sight;
  if (state.elsewhere) return state.elsewhere.message;
  if (!pending || pending.id !== from) return 'AWSPENDING is not on that version';
  if (current?.verdict !== 'accepted') return `AWSCURRENT is ${current?.verdict ?? 'missing'}, not accepted`;
  if (isYoung(sight)) return young(sight);
  // The value has another label.
  if (isPendingOnPrevious || pending.isCopyOfCurrent) return undefined;
  if (pending.verdict !== 'refused' && pending.verdict !== 'empty') return `AWSPENDING is ${pending.verdict}`;
  // A late setSecret could make it the only value that works, and without a label nobody would find it again.
  if (pending.verdict === 'refused' && pending.createdAt === undefined) return 'its age is unknown';
  // Only after rotation has been off for as long as a step can take is it certain that no step is running.
  return state.rotation === 'on' ? 'rotation is on, so a step may begin at any time' : undefined;
}

export const resume = ({ id }: SeenVersion): Repair => ({ kind: 'resume', token: id });
export const drop = ({ id }: SeenVersion): Repair => ({ kind: 'drop', from: id });
export const promote = (to: SeenVersion, from: SeenVersion): Repair => ({
  kind: 'promote',
  to: to.id,
  from: from.id,
});

const NOBODY_OPENS = 'no version works, and somebody may have locked the user out on purpose';
const OTHER_ROTATOR =
  'AWSPREVIOUS differs in a field that this rotator does not change: it may be the wrong rotator';
const UNDONE = 'it was AWSCURRENT once, and somebody moved the label away';
const OLDER = 'it is not known to be newer than AWSCURRENT';
const young = (sight: Sight) =>
  'the secret changed within the last 15 minutes, so a step may be running or a person may be at work. ' +
  `Wait ${waitInWords(sight)}: --now does not shorten this`;
