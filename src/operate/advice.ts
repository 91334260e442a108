import { is, type LabelState, type SeenVersion, type Sight } from './label-state.js';
import { drop, objection, promote } from './repairs.js';

/** Gives a rotation up without a race: once rotation is off, no step begins any more. */
export const GIVE_UP: readonly string[] = [
  'to give this rotation up: turn rotation off (aws secretsmanager cancel-rotate-secret), wait 15 minutes, then remove the ' +
    'label (quarterturn doctor --fix)',
  'to turn rotation on again afterwards, which rotates at once: aws secretsmanager rotate-secret',
];
export const ASK_FIRST =
  'first ask whether somebody locked the user out on purpose, or is at work: has just stored a value, or restored a backup';
export const LOCKED_OUT =
  'do not set a password as an administrator before you know why no version works: you would let in a user who was shut out';

export function noteItsId({ id }: SeenVersion): string {
  return (
    `before you store a value, note the id of AWSPENDING’s version, ${id}. Storing takes its label off, and it may be the ` +
    'only one that works'
  );
}

/** Returns why versions have a verdict, each reason once. */
export function reasonsOf({ versions }: LabelState, verdict: SeenVersion['verdict']): string {
  const reasons = versions.filter((each) => is(each, verdict)).map(({ reason }) => reason?.message ?? '');
  return [...new Set(reasons)].filter((reason) => reason !== '').join('; ');
}

/** Returns the hints that come with those reasons, each once. */
export function hintsOf({ versions }: LabelState, verdict: SeenVersion['verdict']): readonly string[] {
  const hints = versions.filter((each) => is(each, verdict)).map(({ reason }) => reason?.hint ?? '');
  return [...new Set(hints)].filter((hint) => hint !== '');
}

export function idsOf(versions: readonly SeenVersion[], verdict: SeenVersion['verdict']): string {
  return versions
    .filter((each) => is(each, verdict))
    .map(({ id }) => id)
    .join(', ');
}

export function whyNotDropped(sight: Sight): readonly string[] {
  const { current, pending } = sight;
  const reason = pending && is(current, 'accepted') ? objection(drop(pending), sight) : undefined;
  return reason === undefined ? [] : [`AWSPENDING is not removed yet: ${reason}`];
}

export function whyNotPromoted(version: SeenVersion, sight: Sight): string {
  const reason = sight.current && objection(promote(version, sight.current), sight);
  return reason === undefined
    ? `version ${version.id} is newer than AWSCURRENT, and may become AWSCURRENT`
    : `version ${version.id} does not become AWSCURRENT: ${reason}`;
}

export function untriedOf({ state }: Sight): readonly SeenVersion[] {
  return state.versions.filter((each) => is(each, 'untried'));
}

export function moreToTry(sight: Sight): readonly string[] {
  const untried = untriedOf(sight);
  if (untried.length === 0) return [];
  return [
    `to try ${untried.length} more, only if the service does not lock users after some refused logins: ` +
      'quarterturn doctor --probe-all',
  ];
}

/** Suggests storing a value only where all were tried: storing takes AWSPENDING off its version, and hides what may work. */
export function setByHand({ state }: Sight): readonly string[] {
  const isTried = state.versions.every((each) => is(each, 'refused', 'empty', 'malformed', 'foreign'));
  const set = 'then set the value of AWSCURRENT at the service again, as its administrator';
  return isTried ? [`${set}; or store the value that works: aws secretsmanager put-secret-value`] : [set];
}
