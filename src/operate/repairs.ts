import {
  isDead,
  isNewer,
  isYoung,
  type SeenVersion,
  type Sight,
  waitInWords,
  wasCurrent,
} from './label-state.js';

/** One call, or the four steps, as data. Each label moves by compare-and-set. */
export type Repair =
  /** The four steps once more with the token of the version that is stuck, as Secrets Manager takes them itself. */
  | { readonly kind: 'resume'; readonly token: string }
  /** AWSCURRENT moves. */
  | { readonly kind: 'promote'; readonly to: string; readonly from: string }
  /** AWSPENDING is taken off. */
  | { readonly kind: 'drop'; readonly from: string };

/**
 * Says why a repair must not be made in a state; `undefined` if it may. What is suggested passes the same guards as what is
 * done.
 */
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
  if (state.rotation === 'off') return 'rotation is off, and every step is refused';
  if (pending.isCopyOfCurrent) return 'AWSPENDING is a copy of AWSCURRENT, which is only tested';
  if (pending.verdict === 'empty') {
    if (previous?.verdict === 'foreign') return OTHER_ROTATOR;
    // What createSecret makes now is newer than all.
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
  if (current.verdict !== 'refused') return `AWSCURRENT is ${current.verdict}, and not refused`;
  if (target?.verdict !== 'accepted')
    return `version ${to} is ${target?.verdict ?? 'not there'}, and not accepted`;
  if (wasCurrent(target, sight)) return UNDONE;
  if (!isNewer(target, sight)) return OLDER;
  if (target === pending) return undefined;
  if (target.labels.length > 0) return `somebody has labelled it ${target.labels.join(', ')}`;
  if (others.filter(({ verdict }) => verdict === 'accepted').length > 1) return 'more than one version works';
  if (previous && !isDead(previous)) return `AWSPREVIOUS is ${previous.verdict}`;
  if (pending && !isDead(pending)) return `AWSPENDING is ${pending.verdict}`;
  // Where nothing rotates, what has no label was made and left by hand.
  if (state.rotation !== 'on') return 'rotation is not on';
  if (isYoung(sight)) return young(sight);
  return undefined;
}

function objectionToDrop(from: string, sight: Sight): string | undefined {
  const { state, current, pending, isPendingOnPrevious } = sight;
  if (state.elsewhere) return state.elsewhere.message;
  if (!pending || pending.id !== from) return 'AWSPENDING is not on that version';
  if (current?.verdict !== 'accepted')
    return `AWSCURRENT is ${current?.verdict ?? 'not there'}, and not accepted`;
  if (isYoung(sight)) return young(sight);
  // The value has another name.
  if (isPendingOnPrevious || pending.isCopyOfCurrent) return undefined;
  if (pending.verdict !== 'refused' && pending.verdict !== 'empty') return `AWSPENDING is ${pending.verdict}`;
  // A setSecret that comes late could make it the only value that works, and without a label nobody would find it again.
  if (pending.verdict === 'refused' && pending.createdAt === undefined) return 'nobody knows how old it is';
  // Nobody can see from here whether a step is running. Once rotation has been off for as long as a step can take, none is.
  return state.rotation === 'on' ? 'rotation is on, so that a step may begin at any time' : undefined;
}

/** The versions of an observation by which a repair can be named. */
export const resume = ({ id }: SeenVersion): Repair => ({ kind: 'resume', token: id });
export const drop = ({ id }: SeenVersion): Repair => ({ kind: 'drop', from: id });
export const promote = (to: SeenVersion, from: SeenVersion): Repair => ({
  kind: 'promote',
  to: to.id,
  from: from.id,
});

const NOBODY_OPENS = 'no version opens the user, who may have been locked out on purpose';
const OTHER_ROTATOR = 'AWSPREVIOUS differs in what this rotator does not change: it may be the wrong rotator';
const UNDONE = 'it was AWSCURRENT once, and somebody moved the label away';
const OLDER = 'it was not made after AWSCURRENT';
const young = (sight: Sight) =>
  'something has changed within 15 minutes: a step may be running, or a person be at work. ' +
  `Wait ${waitInWords(sight)}: --now does not shorten this`;
