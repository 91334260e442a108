import { issuedKeys } from './issued-keys.js';
import { KEY_ROTATIONS, type ProviderKind } from './key-rotators.js';
import {
  PASSWORD_ROTATIONS,
  WRONG_PASSWORD_ROTATIONS,
  WRONGLY_CONFIRMED_ROTATIONS,
} from './password-rotators.js';
import { passwords } from './passwords.js';
import type { SearchOptions } from './search.js';
import type { MakeService, Twist } from './service.js';
import type { Delivery } from './thread.js';

/** What is searched, and how far. */
export interface Plan extends SearchOptions {
  readonly title: string;
}

const NAMED: ProviderKind = { hasNames: true, limit: Number.POSITIVE_INFINITY };
const TWO_UNNAMED: ProviderKind = { hasNames: false, limit: 2 };
const SPREADING = ['slowly', 'late'] as const;
const CUT = ['cut, newest first', 'cut, oldest first'] as const;
const WAYWARD: ProviderKind = { ...NAMED, twists: [...SPREADING, 'never', ...CUT] };
const TWO_WAYWARD: ProviderKind = { ...TWO_UNNAMED, twists: [...SPREADING, 'never'] };
const ROTATION = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** Each kind of credential, rotated as it should be. */
export const SERVICES = {
  'named keys': issuedKeys(KEY_ROTATIONS.right, NAMED),
  'two keys without names': issuedKeys(KEY_ROTATIONS.right, TWO_UNNAMED),
  'named keys of a wayward provider': issuedKeys(KEY_ROTATIONS.right, WAYWARD),
  'two keys of a wayward provider': issuedKeys(KEY_ROTATIONS.right, TWO_WAYWARD),
  'the password of one user': passwords(PASSWORD_ROTATIONS['one user']),
  'the passwords of two users': passwords(PASSWORD_ROTATIONS['two users']),
} as const satisfies Readonly<Record<string, MakeService>>;

const {
  'named keys': named,
  'two keys without names': two,
  'named keys of a wayward provider': wayward,
  'two keys of a wayward provider': twoWayward,
  'the password of one user': oneUser,
  'the passwords of two users': twoUsers,
} = SERVICES;

const lateCreate = { A: ['createSecret'], B: [...ROTATION, 'RotateSecret', ...ROTATION] } as const;
const lateSet = whileLate([...ROTATION.slice(1), 'RotateSecret', ...ROTATION]);
/** The second rotation gives the turn to the other of two users: only the third comes to the one whose change is late. */
const laterSet = whileLate([...lateSet.deliveries.B, 'RotateSecret', ...ROTATION]);
const lateFinish = { A: ROTATION, B: ['finishSecret', 'RotateSecret', ...ROTATION] } as const;

export const DEFAULT: readonly Plan[] = [
  { title: 'named keys', service: named, disturbances: 2 },
  { title: 'two keys without names', service: two, disturbances: 1 },
  { title: 'named keys of a wayward provider', service: wayward, disturbances: 1 },
  {
    title: 'named keys of a wayward provider, each step once',
    service: wayward,
    disturbances: 3,
    isAlone: true,
  },
  { title: 'two keys of a wayward provider', service: twoWayward, disturbances: 1 },
  {
    title: 'two keys of a wayward provider, each step once',
    service: twoWayward,
    disturbances: 2,
    isAlone: true,
  },
  { title: 'the password of one user', service: oneUser, disturbances: 1 },
  { title: 'the password of one user, each step once', service: oneUser, disturbances: 3, isAlone: true },
  { title: 'the passwords of two users', service: twoUsers, disturbances: 1 },
  { title: 'the passwords of two users, each step once', service: twoUsers, disturbances: 2, isAlone: true },
  { title: 'a late createSecret, named keys', service: named, disturbances: 0, deliveries: lateCreate },
  { title: 'a late createSecret, two keys', service: two, disturbances: 0, deliveries: lateCreate },
  { title: 'a late createSecret, one user', service: oneUser, disturbances: 0, deliveries: lateCreate },
  { title: 'a late setSecret, one user', service: oneUser, disturbances: 1, ...lateSet },
  { title: 'a late setSecret, two users', service: twoUsers, disturbances: 1, ...lateSet },
  { title: 'a later setSecret, one user', service: oneUser, disturbances: 0, ...laterSet },
  { title: 'a later setSecret, two users', service: twoUsers, disturbances: 0, ...laterSet },
];

export const LONG: readonly Plan[] = [
  { title: 'named keys, reads that fail', service: named, disturbances: 2, failsReads: true },
  { title: 'two keys, reads that fail', service: two, disturbances: 2, failsReads: true },
  { title: 'one user, reads that fail', service: oneUser, disturbances: 2, failsReads: true },
  { title: 'two users, reads that fail', service: twoUsers, disturbances: 2, failsReads: true },
  { title: 'a late createSecret, named keys', service: named, disturbances: 1, deliveries: lateCreate },
  { title: 'a late createSecret, two keys', service: two, disturbances: 1, deliveries: lateCreate },
  { title: 'a late finishSecret, named keys', service: named, disturbances: 0, deliveries: lateFinish },
  { title: 'a late finishSecret, two keys', service: two, disturbances: 0, deliveries: lateFinish },
  { title: 'a late setSecret, one user', service: oneUser, disturbances: 2, ...lateSet },
  { title: 'a late setSecret, two users', service: twoUsers, disturbances: 2, ...lateSet },
  { title: 'a later setSecret, one user', service: oneUser, disturbances: 1, ...laterSet },
  { title: 'a later setSecret, two users', service: twoUsers, disturbances: 1, ...laterSet },
];

/** Rotators that believe a provider, and what it does that they do not see: without that, nothing is wrong with them. */
export const BELIEVING = {
  'believes one acceptance': ['slowly'],
  'believes one refusal': ['late'],
  'tries nothing that it has ended': ['never'],
  'believes one list': CUT,
} as const satisfies Readonly<Record<string, readonly Twist[]>>;

/** What the search has to find something wrong with. */
export const WRONG: readonly Plan[] = [
  ...(['naive order', 'cleans up before issuing', 'discards after a lost answer'] as const).map((title) => ({
    title,
    service: issuedKeys(KEY_ROTATIONS[title], NAMED),
    disturbances: 1,
  })),
  ...Object.entries(BELIEVING).map(([title, twists]) => ({
    title,
    service: issuedKeys(KEY_ROTATIONS[title as keyof typeof BELIEVING], { ...NAMED, twists }),
    disturbances: 2,
    isAlone: true,
  })),
  ...Object.entries(WRONG_PASSWORD_ROTATIONS).map(([title, rotation]) => ({
    title,
    service: passwords(rotation),
    disturbances: 1,
    isAlone: true,
  })),
  ...Object.entries(WRONGLY_CONFIRMED_ROTATIONS).map(([title, rotation]) => ({
    title,
    service: passwords(rotation),
    disturbances: 0,
    ...laterSet,
  })),
];

/** A setSecret that may be late, beside what is delivered meanwhile. */
function whileLate(deliveries: readonly Delivery[]) {
  return { taken: ['createSecret'], deliveries: { A: ['setSecret'], B: deliveries } } as const;
}
