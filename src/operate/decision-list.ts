import {
  isNewer,
  isYoung,
  type LabelState,
  type SeenVersion,
  type Sight,
  waitInWords,
  wasCurrent,
} from './label-state.js';
import { drop, objection, promote, type Repair, resume } from './repairs.js';

export interface Row {
  readonly name: string;
  matches(sight: Sight): boolean;
  meaning(sight: Sight): string;
  advice?(sight: Sight): readonly string[];
  readonly never?: string;
  repairs?(sight: Sight): readonly Repair[];
}

/** How a rotation is given up without a race: once rotation is off, no step begins any more. */
const GIVE_UP = [
  'to give this rotation up: turn rotation off (aws secretsmanager cancel-rotate-secret), wait 15 minutes, and have ' +
    'the label taken off (quarterturn doctor --fix); this turns rotation on again, and rotates: ' +
    'aws secretsmanager rotate-secret',
];
const ASK_FIRST =
  'ask first whether somebody has locked the user out on purpose, or is at work: has just stored a value, or restored a backup';
const NOTE_ITS_ID =
  'before you store a value, note the id of AWSPENDING’s version: it loses its label then, and may be the only one that works';
const LOCKED_OUT =
  'do not set a password with an administrator before you know why no version works: a user who was shut out would be let in again';

/** The first that matches holds, so each may count on what those above it have ruled out. */
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
      'A rotation is not complete, and something has changed within the last 15 minutes: a step may be running, or a person ' +
      'be at work.',
    advice: (sight) => [
      `wait ${waitInWords(sight)}, then look again`,
      'if you know that nobody is at work and no step is running: quarterturn doctor --now',
    ],
    never: 'do not remove AWSPENDING: its value may be the one that the service takes a moment later',
  },
  {
    name: 'NO_CURRENT',
    matches: ({ current }) => current === undefined,
    meaning: () => 'No version is AWSCURRENT: applications cannot read the secret.',
    advice: ({ state }) =>
      state.versions.length === 0
        ? ['store a value that works: aws secretsmanager put-secret-value']
        : ['find out which version the service takes, and why AWSCURRENT is not there'],
    never: 'do not give AWSCURRENT to a version before you know why it is not there',
  },
  {
    name: 'WRONG_SHAPE',
    matches: ({ current }) => is(current, 'malformed', 'empty', 'foreign'),
    meaning: ({ current }) =>
      `AWSCURRENT cannot be read as a secret of this rotator: ${current?.reason?.message ?? 'it has no value'}.`,
    advice: () => [
      'look whether this is the right rotator (--rotator); then correct the field, with the value that works',
    ],
    never:
      'do not store another value before you know which password works: a stored value takes AWSPENDING off its version',
  },
  {
    name: 'LOCKED',
    matches: ({ state }) => state.versions.some((version) => is(version, 'locked')),
    meaning: ({ state }) =>
      `The service lets the user in with no password, right or wrong: ${reasonsOf(state, 'locked')}.`,
    advice: () => ['find out who locked the user, and why. When it is unlocked, look again'],
    never:
      'do not repair labels: nobody can see which value works. Each further login may lock the user for longer',
  },
  {
    name: 'LABEL_LEFT',
    matches: ({ isPendingOnPrevious, current }) => isPendingOnPrevious && is(current, 'accepted'),
    meaning: () =>
      'AWSCURRENT works. AWSPENDING has been left on AWSPREVIOUS: that version was AWSCURRENT, and a later value or a person ' +
      'has replaced it.',
    advice: () => ['without that label the secret can be rotated again; the version stays AWSPREVIOUS'],
    never: 'do not finish that rotation: it would undo what somebody did on purpose',
    repairs: ({ pending }) => (pending ? [drop(pending)] : []),
  },
  {
    name: 'UNKNOWN',
    matches: ({ current, pending }) => [current, pending].some((each) => is(each, 'unknown', 'untried')),
    meaning: ({ state }) =>
      `Nobody could find out which version works${reasonsOf(state, 'unknown') && `: ${reasonsOf(state, 'unknown')}`}.`,
    advice: ({ state, pending }) => {
      const hints = hintsOf(state, 'unknown').map((hint) => `else: ${hint}`);
      return [
        'if only this machine has no way to the service: run it where the function runs, in its VPC, with its security group',
        ...hints,
        ...(pending && hints.length > 0 ? [NOTE_ITS_ID] : []),
      ];
    },
    never: 'do not move or remove a label: what could not be tried may be the only value that works',
  },
  {
    name: 'FOREIGN_PENDING',
    matches: ({ pending }) => is(pending, 'foreign'),
    meaning: ({ pending }) =>
      `AWSPENDING was not tried, since it names another place or differs in a field that stays: ${pending?.reason?.message}.`,
    advice: () => [
      'find out who stored it (CloudTrail, PutSecretValue): it may be a mistake, or an attack on what the rotator may do',
    ],
    never:
      'do not finish this rotation, and do not try the value: it would go to a place that somebody else chose',
  },
  {
    name: 'MALFORMED_PENDING',
    matches: ({ pending }) => is(pending, 'malformed'),
    meaning: ({ pending }) =>
      `AWSPENDING cannot be read as a secret of this rotator: ${pending?.reason?.message}.`,
    advice: () => ['find out who stored it (CloudTrail, PutSecretValue), and whether the service takes it'],
    never:
      'do not remove AWSPENDING before you know that: a stored version cannot be corrected, only read by its id',
  },
  {
    name: 'UNDONE',
    matches: (sight) =>
      sight.pending !== undefined &&
      !sight.isPendingOnPrevious &&
      !is(sight.pending, 'empty') &&
      wasCurrent(sight.pending, sight),
    meaning: () =>
      'AWSPENDING is on a version whose rotation has ended: it was AWSCURRENT once, and somebody moved that label away.',
    advice: () => ['find out who moved AWSCURRENT, and why'],
    never: 'do not finish that rotation: it would undo what somebody did on purpose',
    repairs: ({ pending }) => (pending ? [drop(pending)] : []),
  },
  {
    name: 'TEST_COPY',
    matches: ({ pending, current }) => pending?.isCopyOfCurrent === true && is(current, 'accepted'),
    meaning: () =>
      'AWSCURRENT works. AWSPENDING is a copy of it, which a test of the rotation (RotateImmediately=false) has left.',
    advice: () => ['without that label the secret can be rotated'],
    never: 'do not finish it as a rotation: nothing would be rotated, and AWSPREVIOUS would be retired',
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
      `AWSPENDING is not known to be newer than AWSCURRENT, which is ${current?.verdict}; AWSPENDING is ${pending?.verdict}.`,
    advice: () => [
      'find out who moved AWSCURRENT to the newer version, and why',
      'the ages come from ListSecretVersionIds: without that right nobody knows them',
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
      'Rotation was cancelled while AWSPENDING was on its way, so that its steps are refused now. ' +
      `AWSCURRENT is ${current?.verdict}, AWSPENDING is ${pending?.verdict}.`,
    advice: (sight) =>
      is(sight.current, 'accepted') && is(sight.pending, 'accepted')
        ? [
            'both work, and no call is safe for both: turn rotation on again when you know why it was turned off',
          ]
        : [...whyNotDropped(sight), 'find out who turned rotation off, and why: it stays off'],
    never: 'do not remove AWSPENDING while its value is the one that works',
    repairs: promoteOrDrop,
  },
  {
    name: 'EMPTY_PENDING',
    matches: ({ current, pending }) => is(current, 'accepted') && is(pending, 'empty'),
    meaning: () => 'AWSCURRENT works. A rotation stopped before createSecret had stored a value.',
    advice: () => [
      'the function may be missing, lack a right (KMS too), or be in a VPC without a way to Secrets Manager: its log says',
      ...GIVE_UP,
    ],
    never: 'do not remove AWSPENDING while rotation is on: createSecret may store a value at any time',
    repairs: ({ pending }) => (pending ? [resume(pending)] : []),
  },
  {
    name: 'DEAD_PENDING',
    matches: ({ current, pending }) => is(current, 'accepted') && is(pending, 'refused'),
    meaning: () =>
      'AWSCURRENT works, AWSPENDING does not: a rotation stopped before setSecret was done, or the service refuses the value.',
    advice: () => ['the function’s log says in which step it stopped, and why', ...GIVE_UP],
    never:
      'do not remove AWSPENDING while rotation is on: setSecret may make it the only value that works at any time',
    repairs: ({ pending }) => (pending ? [resume(pending)] : []),
  },
  {
    name: 'LIVE_PENDING',
    matches: ({ current, pending, isPendingOnPrevious }) =>
      is(current, 'refused') && is(pending, 'accepted') && !isPendingOnPrevious,
    meaning: () =>
      'The service takes only the value of AWSPENDING: a rotation stopped after setSecret. Applications that read AWSCURRENT ' +
      'are refused.',
    advice: () => [
      'if you move the label, finishSecret is left out: revoke what it would have retired (an old key) yourself',
    ],
    never: 'do not remove AWSPENDING: the only value that works would lose its name',
    repairs: ({ pending, current }) =>
      pending && current ? [resume(pending), promote(pending, current)] : [],
  },
  {
    name: 'BOTH_LIVE',
    matches: ({ current, pending, isPendingOnPrevious }) =>
      is(current, 'accepted') && is(pending, 'accepted') && !isPendingOnPrevious,
    meaning: () => 'AWSCURRENT and AWSPENDING both work: a rotation stopped before finishSecret.',
    never: 'do not remove AWSPENDING: a key that nobody knows of would stay alive',
    repairs: ({ pending }) => (pending ? [resume(pending)] : []),
  },
  {
    name: 'PREVIOUS_LIVE',
    matches: ({ current, previous }) => is(current, 'refused') && is(previous, 'accepted'),
    meaning: () =>
      'The service refuses AWSCURRENT and takes AWSPREVIOUS: somebody set the old value again, restored a backup, moved ' +
      'AWSCURRENT by hand, or has just stored a value that the service does not know yet; a new key may not be active yet.',
    advice: () => [
      'ask whether somebody is at work, and look again in ten minutes',
      'if AWSCURRENT is the value that is meant, set it at the service',
    ],
    never:
      'do not move AWSCURRENT back before you know why it was rotated: after a leak it would bring the leaked value back',
  },
  {
    name: 'STRAY_LIVE',
    matches: ({ current, others }) => is(current, 'refused') && others.some((each) => is(each, 'accepted')),
    meaning: ({ others }) =>
      'The service refuses AWSCURRENT and takes a version that is none of AWSPENDING and AWSPREVIOUS: ' +
      `${idsOf(others, 'accepted')}. AWSPENDING was removed from it, or an old value was restored.`,
    advice: (sight) => [
      ...sight.others.filter((each) => is(each, 'accepted')).map((each) => whyNotPromoted(each, sight)),
      'a version without a label can be read by its id, until Secrets Manager deletes it',
    ],
    never:
      'do not store another value, and do not bring back what is older than AWSCURRENT: it may be a leaked one',
    repairs: ({ current, others }) =>
      current ? others.filter((each) => is(each, 'accepted')).map((each) => promote(each, current)) : [],
  },
  {
    name: 'NONE_WORKS',
    matches: ({ current, pending }) => is(current, 'refused') && pending !== undefined,
    meaning: () =>
      'The service refuses AWSCURRENT and AWSPENDING: its password was changed elsewhere, or revoked.',
    advice: (sight) => [...moreToTry(sight), ASK_FIRST, ...setByHand(sight)],
    never: LOCKED_OUT,
  },
  {
    name: 'REFUSED_ALONE',
    matches: ({ current }) => is(current, 'refused'),
    meaning: () =>
      'The service refuses AWSCURRENT, and no rotation is under way: its password was changed elsewhere, or revoked.',
    advice: (sight) => [...moreToTry(sight), ASK_FIRST, ...setByHand(sight)],
    never: LOCKED_OUT,
  },
  {
    name: 'OK',
    matches: ({ current }) => is(current, 'accepted'),
    meaning: () => 'AWSCURRENT works.',
  },
] as const satisfies readonly Row[];

function is(version: SeenVersion | undefined, ...verdicts: readonly SeenVersion['verdict'][]): boolean {
  return version !== undefined && verdicts.includes(version.verdict);
}

/** Why versions have a verdict, each reason once. */
function reasonsOf({ versions }: LabelState, verdict: SeenVersion['verdict']): string {
  const reasons = versions.filter((each) => is(each, verdict)).map(({ reason }) => reason?.message ?? '');
  return [...new Set(reasons)].filter((reason) => reason !== '').join('; ');
}

/** What helps against the reasons why versions have a verdict, each once. */
function hintsOf({ versions }: LabelState, verdict: SeenVersion['verdict']): readonly string[] {
  const hints = versions.filter((each) => is(each, verdict)).map(({ reason }) => reason?.hint ?? '');
  return [...new Set(hints)].filter((hint) => hint !== '');
}

function idsOf(versions: readonly SeenVersion[], verdict: SeenVersion['verdict']): string {
  return versions
    .filter((each) => is(each, verdict))
    .map(({ id }) => id)
    .join(', ');
}

function promoteOrDrop({ pending, current }: Sight): readonly Repair[] {
  return pending && current ? [promote(pending, current), drop(pending)] : [];
}

function whyNotDropped(sight: Sight): readonly string[] {
  const { current, pending } = sight;
  const reason = pending && is(current, 'accepted') ? objection(drop(pending), sight) : undefined;
  return reason === undefined ? [] : [`AWSPENDING is not taken off yet, since ${reason}`];
}

function whyNotPromoted(version: SeenVersion, sight: Sight): string {
  const reason = sight.current && objection(promote(version, sight.current), sight);
  return reason === undefined
    ? `version ${version.id} was made after AWSCURRENT, and nothing speaks against making it AWSCURRENT`
    : `version ${version.id} is not made AWSCURRENT, since ${reason}`;
}

function moreToTry({ state }: Sight): readonly string[] {
  const untried = state.versions.filter((each) => is(each, 'untried'));
  if (untried.length === 0) return [];
  return [
    `${untried.length} more can be tried (--probe-all), if the service does not lock users after some refused logins`,
  ];
}

/** A stored value takes AWSPENDING off its version, and hides what may work: only where all have been tried. */
function setByHand({ state }: Sight): readonly string[] {
  const isTried = state.versions.every((each) => is(each, 'refused', 'empty', 'malformed', 'foreign'));
  const set = 'then set the value of AWSCURRENT at the service again, as its administrator';
  return isTried ? [`${set}; or store the one that works: aws secretsmanager put-secret-value`] : [set];
}
