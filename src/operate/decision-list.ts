import {
  ASK_FIRST,
  GIVE_UP,
  hintsOf,
  idsOf,
  LOCKED_OUT,
  moreToTry,
  noteItsId,
  reasonsOf,
  setByHand,
  untriedOf,
  whyNotDropped,
  whyNotPromoted,
} from './advice.js';
import { is, isNewer, isYoung, type Sight, waitInWords, wasCurrent } from './label-state.js';
import { drop, promote, type Repair, resume } from './repairs.js';

export interface Row {
  readonly name: string;
  matches(sight: Sight): boolean;
  meaning(sight: Sight): string;
  advice?(sight: Sight): readonly string[];
  readonly never?: string;
  repairs?(sight: Sight): readonly Repair[];
}

/** The findings, in order: the first that matches is the one. Each relies on what the rows above it have ruled out. */
export const ROWS = [
  {
    name: 'ELSEWHERE',
    matches: ({ state }) => state.elsewhere !== undefined,
    meaning: ({ state }) => `${state.elsewhere?.message}.`,
    advice: ({ state }) => [state.elsewhere?.hint ?? ''],
    never: 'do not move its labels',
  },
  {
    name: 'IN_FLIGHT',
    matches: (sight) => sight.pending !== undefined && isYoung(sight),
    meaning: () =>
      'A rotation is not complete, and the secret changed within the last 15 minutes. A step may be running, or a person ' +
      'may be at work.',
    advice: (sight) => [
      `wait ${waitInWords(sight)}, then look again`,
      'only if you know that nobody is at work and no step is running: quarterturn doctor --now',
    ],
    never: 'do not remove AWSPENDING: a moment later, its value may be the one that works',
  },
  {
    name: 'NO_CURRENT',
    matches: ({ current }) => current === undefined,
    meaning: () => 'No version is AWSCURRENT. Applications cannot read the secret.',
    advice: ({ state }) =>
      state.versions.length === 0
        ? ['store a value that works: aws secretsmanager put-secret-value']
        : ['find out which version works, and why no version is AWSCURRENT'],
    never: 'do not give AWSCURRENT to a version before you know why none has it',
  },
  {
    name: 'WRONG_SHAPE',
    matches: ({ current }) => is(current, 'malformed', 'empty', 'foreign'),
    meaning: ({ current }) =>
      `This rotator cannot read AWSCURRENT: ${current?.reason?.message ?? 'it has no value'}.`,
    advice: () => [
      'check that this is the right rotator (--rotator)',
      'if it is, correct the field in AWSCURRENT, with the value that works',
    ],
    never:
      'do not store a value before you know which password works: storing one takes AWSPENDING off its version',
  },
  {
    name: 'LOCKED',
    matches: ({ state }) => state.versions.some((version) => is(version, 'locked')),
    meaning: ({ state }) =>
      `The service does not let this user in, whatever the password: ${reasonsOf(state, 'locked')}.`,
    advice: ({ state }) => [
      'find out who locked the user, and why. Once the user is unlocked, look again',
      ...hintsOf(state, 'locked'),
    ],
    never:
      'do not move or remove a label: nobody can tell which value works. Until the user is unlocked, do not log in, not ' +
      'with quarterturn test either: each attempt may extend the lock',
  },
  {
    name: 'LABEL_LEFT',
    matches: ({ isPendingOnPrevious, current }) => isPendingOnPrevious && is(current, 'accepted'),
    meaning: () =>
      'AWSCURRENT works. AWSPENDING is still on AWSPREVIOUS. That version was AWSCURRENT until a later value or a person ' +
      'replaced it.',
    advice: () => ['without that label the secret can rotate again; the version stays AWSPREVIOUS'],
    never: 'do not finish that rotation: it would undo what somebody did on purpose',
    repairs: ({ pending }) => (pending ? [drop(pending)] : []),
  },
  {
    name: 'UNKNOWN',
    matches: ({ current, pending }) => [current, pending].some((each) => is(each, 'unknown', 'untried')),
    meaning: ({ state }) =>
      `No test could tell which version works${reasonsOf(state, 'unknown') && `: ${reasonsOf(state, 'unknown')}`}.`,
    advice: ({ state, pending }) => {
      const hints = hintsOf(state, 'unknown').map((hint) => `otherwise: ${hint}`);
      return [
        'if only this machine cannot reach the service: run this in the function’s VPC, with a security group that the service lets in',
        ...hints,
        ...(pending && hints.length > 0 ? [noteItsId(pending)] : []),
      ];
    },
    never: 'do not move or remove a label: a value that was not tested may be the only one that works',
  },
  {
    name: 'FOREIGN_PENDING',
    matches: ({ pending }) => is(pending, 'foreign'),
    meaning: ({ pending }) =>
      'AWSPENDING was not tried. It names another place, or differs from AWSCURRENT in a field that does not rotate: ' +
      `${pending?.reason?.message}.`,
    advice: () => [
      'find out who stored it (CloudTrail, PutSecretValue): it may be a mistake, or an attempt to misuse the rotator’s rights',
    ],
    never:
      'do not finish this rotation, and do not try the value: it would go to a place that somebody else chose',
  },
  {
    name: 'MALFORMED_PENDING',
    matches: ({ pending }) => is(pending, 'malformed'),
    meaning: ({ pending }) => `This rotator cannot read AWSPENDING: ${pending?.reason?.message}.`,
    advice: () => ['find out who stored it (CloudTrail, PutSecretValue), and whether the service accepts it'],
    never:
      'do not remove AWSPENDING before you know that: nobody can correct a stored version, and without the label you can ' +
      'read it only by its id',
  },
  {
    name: 'UNDONE',
    matches: (sight) =>
      sight.pending !== undefined &&
      !sight.isPendingOnPrevious &&
      !is(sight.pending, 'empty') &&
      wasCurrent(sight.pending, sight),
    meaning: () =>
      'AWSPENDING is on a version whose rotation has ended. It was AWSCURRENT once, and somebody moved that label away.',
    advice: () => ['find out who moved AWSCURRENT, and why'],
    never: 'do not finish that rotation: it would undo what somebody did on purpose',
    repairs: ({ pending }) => (pending ? [drop(pending)] : []),
  },
  {
    name: 'TEST_COPY',
    matches: ({ pending, current }) => pending?.isCopyOfCurrent === true && is(current, 'accepted'),
    meaning: () =>
      'AWSCURRENT works. AWSPENDING is a copy of it, left by a test of the rotation (RotateImmediately=false).',
    advice: () => ['without that label the secret can rotate'],
    never: 'do not finish it as a rotation: nothing would rotate, and AWSPREVIOUS would be retired',
    repairs: ({ pending }) => (pending ? [drop(pending)] : []),
  },
  {
    name: 'OLD_PENDING',
    matches: (sight) => {
      const { pending, current, isPendingOnPrevious } = sight;
      if (!pending || isPendingOnPrevious || isNewer(pending, sight)) return false;
      return is(pending, 'accepted') || (is(pending, 'refused') && is(current, 'accepted'));
    },
    meaning: ({ pending, current }) =>
      'AWSPENDING is not known to be newer than AWSCURRENT. ' +
      `AWSCURRENT is ${current?.verdict}, AWSPENDING is ${pending?.verdict}.`,
    advice: () => [
      'find out who moved AWSCURRENT to the newer version, and why',
      'without the right secretsmanager:ListSecretVersionIds, the ages are unknown',
    ],
    never: 'do not finish this rotation: an older value would replace the one that somebody made current',
    repairs: ({ pending }) => (pending ? [drop(pending)] : []),
  },
  {
    name: 'CANCELLED',
    matches: ({ state, current, pending, isPendingOnPrevious }) =>
      state.rotation === 'off' &&
      pending !== undefined &&
      !isPendingOnPrevious &&
      (is(current, 'accepted') || is(pending, 'accepted')),
    meaning: ({ current, pending }) =>
      'Somebody turned rotation off before it was complete, so every step is refused. ' +
      `AWSCURRENT is ${current?.verdict}, AWSPENDING is ${pending?.verdict}.`,
    advice: (sight) =>
      is(sight.current, 'accepted') && is(sight.pending, 'accepted')
        ? [
            'both work, and no call is safe for both. Turn rotation on again only once you know why it was turned off',
          ]
        : [...whyNotDropped(sight), 'rotation stays off: find out who turned it off, and why'],
    never: 'do not remove AWSPENDING while its value is the one that works',
    repairs: promoteOrDrop,
  },
  {
    name: 'EMPTY_PENDING',
    matches: ({ current, pending }) => is(current, 'accepted') && is(pending, 'empty'),
    meaning: () => 'AWSCURRENT works. A rotation stopped before createSecret stored a value.',
    advice: () => [
      'read the function’s log. The function may be missing, lack a right (KMS too), or not reach Secrets Manager from its VPC',
      ...GIVE_UP,
    ],
    never: 'do not remove AWSPENDING while rotation is on: createSecret may store a value at any time',
    repairs: ({ pending }) => (pending ? [resume(pending)] : []),
  },
  {
    name: 'DEAD_PENDING',
    matches: ({ current, pending }) => is(current, 'accepted') && is(pending, 'refused'),
    meaning: () =>
      'AWSCURRENT works, AWSPENDING does not. A rotation stopped before setSecret was done, or the service refuses the value.',
    advice: () => ['the function’s log says which step failed, and why', ...GIVE_UP],
    never:
      'do not remove AWSPENDING while rotation is on: at any time, setSecret may make it the only value that works',
    repairs: ({ pending }) => (pending ? [resume(pending)] : []),
  },
  {
    name: 'LIVE_PENDING',
    matches: ({ current, pending, isPendingOnPrevious }) =>
      is(current, 'refused') && is(pending, 'accepted') && !isPendingOnPrevious,
    meaning: () =>
      'Only AWSPENDING works: a rotation stopped after setSecret. The service refuses applications that read AWSCURRENT.',
    advice: () => [
      'if you move the label, finishSecret does not run: revoke what it would have retired (an old key) yourself',
    ],
    never: 'do not remove AWSPENDING: the only value that works would lose its label',
    repairs: ({ pending, current }) =>
      pending && current ? [resume(pending), promote(pending, current)] : [],
  },
  {
    name: 'BOTH_LIVE',
    matches: ({ current, pending, isPendingOnPrevious }) =>
      is(current, 'accepted') && is(pending, 'accepted') && !isPendingOnPrevious,
    meaning: () => 'AWSCURRENT and AWSPENDING both work: a rotation stopped before finishSecret.',
    never: 'do not remove AWSPENDING: its key would stay live, and nobody would know of it',
    repairs: ({ pending }) => (pending ? [resume(pending)] : []),
  },
  {
    name: 'PREVIOUS_LIVE',
    matches: ({ current, previous }) => is(current, 'refused') && is(previous, 'accepted'),
    meaning: () =>
      'The service refuses AWSCURRENT and accepts AWSPREVIOUS. Somebody set the old value again, restored a backup or ' +
      'moved AWSCURRENT by hand. Or the value is new: the service does not know it yet, or a new key is not active yet.',
    advice: () => [
      'ask whether somebody is at work, and look again in ten minutes',
      'if AWSCURRENT holds the right value, set that value at the service',
      'if somebody stored a wrong value or moved AWSCURRENT: docs/operate.md says under PREVIOUS_LIVE how to replace it',
    ],
    never:
      'do not move AWSCURRENT to AWSPREVIOUS before you know why that version lost it: after a leak, that brings the leaked value back',
  },
  {
    name: 'STRAY_LIVE',
    matches: ({ current, others }) => is(current, 'refused') && others.some((each) => is(each, 'accepted')),
    meaning: ({ others }) =>
      'The service refuses AWSCURRENT and accepts a version that is neither AWSPENDING nor AWSPREVIOUS: ' +
      `${idsOf(others, 'accepted')}. Somebody removed AWSPENDING from it, or restored an old value.`,
    advice: (sight) => [
      ...sight.others.filter((each) => is(each, 'accepted')).map((each) => whyNotPromoted(each, sight)),
      'you can read a version without a label by its id, until Secrets Manager deletes it',
    ],
    never:
      'do not store another value, and do not bring back a value that is older than AWSCURRENT: it may have leaked',
    repairs: ({ current, others }) =>
      current ? others.filter((each) => is(each, 'accepted')).map((each) => promote(each, current)) : [],
  },
  {
    name: 'NONE_WORKS',
    matches: ({ current, pending }) => is(current, 'refused') && pending !== undefined,
    meaning: (sight) =>
      'The service refuses AWSCURRENT and AWSPENDING. Somebody changed the password at the service, or revoked it' +
      `${untriedOf(sight).length === 0 ? '' : ', or another version works'}.`,
    advice: (sight) => [...moreToTry(sight), ASK_FIRST, ...setByHand(sight)],
    never: LOCKED_OUT,
  },
  {
    name: 'REFUSED_ALONE',
    matches: ({ current }) => is(current, 'refused'),
    meaning: (sight) =>
      'The service refuses AWSCURRENT, and no rotation is under way. Somebody changed the password at the service, or revoked it' +
      `${untriedOf(sight).length === 0 ? '' : ', or removed AWSPENDING from the version that works'}.`,
    advice: (sight) => [...moreToTry(sight), ASK_FIRST, ...setByHand(sight)],
    never: LOCKED_OUT,
  },
  {
    name: 'OK',
    matches: ({ current }) => is(current, 'accepted'),
    meaning: () => 'AWSCURRENT works.',
  },
] as const satisfies readonly Row[];

function promoteOrDrop({ pending, current }: Sight): readonly Repair[] {
  return pending && current ? [promote(pending, current), drop(pending)] : [];
}
