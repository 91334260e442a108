import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROWS } from '../../src/operate/decision-list.js';
import { diagnose } from '../../src/operate/findings.js';
import {
  type LabelState,
  type SeenVersion,
  sightOf,
  type VersionVerdict,
} from '../../src/operate/label-state.js';
import { objection } from '../../src/operate/repairs.js';
import { runPlan } from '../../src/operate/run-plan.js';
import type { Step } from '../../src/step.js';

const NOW = Date.UTC(2026, 10, 29, 3);
const MINUTE = 60_000;
const ago = (minutes: number) => new Date(NOW - minutes * MINUTE);

/** `c:A` is AWSCURRENT, accepted; `p`, `v`, `k` and `u` are AWSPENDING, AWSPREVIOUS, another label, and none; `cp:A` has two. */
type Told = string;

const LABELS: Readonly<Record<string, string>> = {
  c: 'AWSCURRENT',
  p: 'AWSPENDING',
  v: 'AWSPREVIOUS',
  k: 'KEPT',
};
const VERDICTS: Readonly<Record<string, VersionVerdict>> = {
  A: 'accepted',
  R: 'refused',
  U: 'unknown',
  L: 'locked',
  E: 'empty',
  M: 'malformed',
  X: 'foreign',
  '-': 'untried',
};
/** When versions were made, in minutes before now, if the test does not say otherwise. */
const AGES: Readonly<Record<string, number>> = { v: 90_000, c: 40_000, p: 180, k: 50_000, u: 200 };

interface Setting {
  readonly rotation?: LabelState['rotation'];
  readonly changed?: number;
  readonly rotated?: number;
  /** Ages by id, which is what tells versions in a test: `p`, `u2`. */
  readonly ages?: Readonly<Record<string, number | undefined>>;
  readonly isCopy?: boolean;
}

function state(
  told: Told,
  { rotation = 'on', changed = 180, rotated, ages = {}, isCopy = false }: Setting = {},
): LabelState {
  const versions = told.split(' ').map((word): SeenVersion => {
    const [, id = '', letters = '', verdict = ''] = /^(([cpvku]+)\d*):(.)$/.exec(word) ?? [];
    const age = id in ages ? ages[id] : verdict === 'E' ? undefined : AGES[letters[0] ?? ''];
    return {
      id,
      labels: [...letters].flatMap((letter) => LABELS[letter] ?? []),
      verdict: VERDICTS[verdict] ?? 'unknown',
      isCopyOfCurrent: isCopy && letters === 'p',
      ...(age !== undefined && { createdAt: ago(age) }),
    };
  });
  return {
    secretId: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf',
    seenAt: new Date(NOW),
    rotation,
    versions,
    lastChangedAt: ago(changed),
    ...(rotated !== undefined && { lastRotatedAt: ago(rotated) }),
  };
}

const RESUME = 'resume p';
const PROMOTE = 'promote p';
const DROP = 'drop p';

function repairsOf(found: LabelState): readonly string[] {
  return diagnose(found).repairs.map((repair) =>
    repair.kind === 'promote'
      ? `promote ${repair.to}`
      : `${repair.kind} ${repair.kind === 'resume' ? repair.token : repair.from}`,
  );
}

const STATES: readonly [what: string, told: Told, finding: string, repairs: readonly string[], Setting?][] = [
  ['a healthy secret', 'v:- c:A', 'OK', []],
  ['AWSPENDING left on AWSCURRENT, as is legal', 'v:- cp:A', 'OK', []],
  ['a rotation that stopped in createSecret', 'c:A p:E', 'EMPTY_PENDING', [RESUME]],
  ['a rotation that stopped before setSecret', 'v:- c:A p:R', 'DEAD_PENDING', [RESUME]],
  ['a rotation that stopped after setSecret', 'c:R p:A', 'LIVE_PENDING', [RESUME, PROMOTE]],
  ['… of a server that keeps two passwords', 'v:A c:R p:A', 'LIVE_PENDING', [RESUME, PROMOTE]],
  ['a rotation of keys that stopped', 'v:- c:A p:A', 'BOTH_LIVE', [RESUME]],
  ['a rotation that is running', 'c:A p:R', 'IN_FLIGHT', [], { changed: 3 }],
  ['… its empty version, which has no age', 'c:A p:E', 'IN_FLIGHT', [], { changed: 14 }],
  ['… a version that was filled a moment ago', 'c:A p:R', 'IN_FLIGHT', [], { changed: 180, ages: { p: 5 } }],
  ['none works', 'v:R c:R p:R', 'NONE_WORKS', []],
  ['none works, with nothing under way', 'v:R c:R', 'REFUSED_ALONE', []],
  ['a password that somebody changed', 'c:R', 'REFUSED_ALONE', []],
  ['AWSPENDING on AWSCURRENT, and refused', 'cp:R', 'REFUSED_ALONE', []],
  ['a user that was locked out, with a rotation under way', 'c:R p:E', 'NONE_WORKS', []],
  ['a service that is not reached', 'c:U p:-', 'UNKNOWN', []],
  ['… with nothing under way', 'v:- c:U', 'UNKNOWN', []],
  ['AWSPENDING alone is not reached', 'c:R p:U u:A', 'UNKNOWN', []],
  ['a locked account', 'c:L p:- v:-', 'LOCKED', []],
  ['an account that was locked by the last login', 'c:R p:L', 'LOCKED', []],
  ['AWSPENDING that names another place', 'c:A p:X', 'FOREIGN_PENDING', []],
  ['… while nothing works', 'c:R p:X u:A', 'FOREIGN_PENDING', []],
  ['AWSPENDING that is no secret', 'c:R p:M', 'MALFORMED_PENDING', []],
  ['AWSCURRENT that is no secret', 'c:M p:A', 'WRONG_SHAPE', []],
  ['AWSCURRENT moved back by hand', 'c:A pv:A', 'LABEL_LEFT', ['drop pv'], { ages: { pv: 300 } }],
  ['… to a value that does not work any more', 'c:R pv:A', 'PREVIOUS_LIVE', [], { ages: { pv: 300 } }],
  ['… and both are refused', 'c:R pv:R', 'NONE_WORKS', [], { ages: { pv: 300 } }],
  ['AWSCURRENT moved back twice by hand', 'c:A v:A p:A', 'UNDONE', [], { rotated: 170 }],
  ['… to one that does not work', 'c:R v:R p:A', 'UNDONE', [], { rotated: 170 }],
  ['AWSCURRENT moved on to a newer version', 'c:A p:A', 'OLD_PENDING', [], { ages: { c: 100 } }],
  ['… that does not work', 'c:R p:A', 'OLD_PENDING', [], { ages: { c: 100 } }],
  ['nobody may list the ages', 'c:A p:R', 'OLD_PENDING', [], { ages: { c: undefined, p: undefined } }],
  [
    '… though rotation is off',
    'c:A p:R',
    'OLD_PENDING',
    [],
    { rotation: 'off', ages: { c: undefined, p: undefined } },
  ],
  ['a test of the rotation left a copy', 'c:A p:A', 'TEST_COPY', [DROP], { isCopy: true }],
  ['cancelled in createSecret', 'c:A p:E', 'CANCELLED', [DROP], { rotation: 'off' }],
  ['cancelled before setSecret', 'c:A p:R', 'CANCELLED', [DROP], { rotation: 'off' }],
  ['cancelled after setSecret', 'c:R p:A', 'CANCELLED', [PROMOTE], { rotation: 'off' }],
  ['cancelled while both work', 'c:A p:A', 'CANCELLED', [], { rotation: 'off' }],
  ['cancelled while none works', 'c:R p:R', 'NONE_WORKS', [], { rotation: 'off' }],
  ['cancelled a moment ago', 'c:A p:R', 'IN_FLIGHT', [], { rotation: 'off', changed: 2 }],
  ['an old password that works again', 'v:A c:R', 'PREVIOUS_LIVE', []],
  ['… and one from before that, too', 'v:A c:R u:A', 'PREVIOUS_LIVE', []],
  ['AWSPENDING was removed from the live value', 'v:R c:R u:A', 'STRAY_LIVE', ['promote u']],
  ['… and the next rotation failed', 'v:R c:R p:E u:A', 'STRAY_LIVE', ['promote u']],
  ['… a moment ago', 'v:R c:R u:A', 'STRAY_LIVE', [], { changed: 9 }],
  ['… of one of two', 'v:R c:R u:A u2:A', 'STRAY_LIVE', []],
  ['… and somebody turned rotation off', 'v:R c:R u:A', 'STRAY_LIVE', [], { rotation: 'off' }],
  ['… of a secret that nothing rotates', 'v:R c:R u:A', 'STRAY_LIVE', [], { rotation: 'never' }],
  ['… and AWSPREVIOUS was not reached', 'v:U c:R u:A', 'STRAY_LIVE', []],
  ['a leaked value works again after a restore', 'v:R c:R u:A', 'STRAY_LIVE', [], { ages: { u: 99_000 } }],
  ['a value that a rotation replaced before', 'v:R c:R u:A', 'STRAY_LIVE', [], { rotated: 190 }],
  ['a version that somebody labelled', 'v:R c:R k:A', 'STRAY_LIVE', [], { ages: { k: 100 } }],
  ['no AWSCURRENT', 'v:A p:A', 'NO_CURRENT', []],
];

for (const [what, told, finding, repairs, setting] of STATES) {
  test(`${what} (${told}) is ${finding}, and is repaired by: ${repairs.join(' or ') || 'nobody'}`, () => {
    const found = state(told, setting);
    expect(diagnose(found).name).toBe(finding);
    expect(repairsOf(found)).toEqual(repairs);
  });
}

test('a secret that is managed elsewhere is not repaired, whatever its labels', () => {
  const elsewhere = { code: 'ERR_REPLICA', message: 'the secret is a replica', hint: 'rotate the primary' };
  const found = diagnose({ ...state('c:R p:A'), elsewhere });
  expect(found).toMatchObject({ name: 'ELSEWHERE', repairs: [], advice: ['rotate the primary'] });
});

test('in a hurry a running rotation is finished, and AWSPENDING is not taken off', () => {
  const hurried = (told: Told, setting?: Setting) =>
    diagnose(state(told, { changed: 2, ...setting }), { isHurried: true });
  expect(hurried('c:R p:A')).toMatchObject({
    name: 'LIVE_PENDING',
    repairs: [{ kind: 'resume' }, { kind: 'promote' }],
  });
  expect(hurried('c:A p:R', { rotation: 'off' })).toMatchObject({ name: 'CANCELLED', repairs: [] });
});

test.each<[told: Told, setting: Setting, reason: RegExp]>([
  ['c:A p:A', { ages: { c: 100 } }, /not known to be newer than AWSCURRENT/],
  ['c:A p:A', { rotated: 170 }, /was AWSCURRENT once/],
  ['c:A p:A', { isCopy: true }, /copy of AWSCURRENT/],
  ['c:R p:E', {}, /no version works, and somebody may have locked the user out on purpose/],
  ['c:R p:R', {}, /no version works, and somebody may have locked the user out on purpose/],
  ['c:A p:X', {}, /AWSPENDING is foreign/],
  ['c:A p:R', { rotation: 'off' }, /rotation is off/],
])(
  'the steps of %s, %j, are not taken again, nor by run, unless the step is named',
  (told, setting, reason) => {
    const found = state(told, setting);
    expect(objection({ kind: 'resume', token: 'p' }, sightOf(found))).toMatch(reason);
    const plan =
      (...steps: readonly Step[]) =>
      () =>
        runPlan(found, { steps, isHurried: false });
    expect(plan()).toThrow(reason);
    expect(plan('finishSecret')).toThrow(reason);
    expect(plan('setSecret')()).toEqual({ token: 'p', isNew: false });
  },
);

test('run begins a rotation where none is under way, and waits for one that may be running', () => {
  const plan = (told: Told, changed = 180) =>
    runPlan(state(told, { changed }), { steps: [], isHurried: false });
  expect(plan('c:A', 2)).toEqual({ token: expect.stringMatching(/^[0-9a-f-]{36}$/), isNew: true });
  expect(plan('c:A p:R')).toEqual({ token: 'p', isNew: false });
  expect(() => plan('c:A p:R', 2)).toThrow('Secrets Manager may be rotating this secret now');
});

test('it offers to store a value only where none can be hidden by that', () => {
  const offers = (told: Told) =>
    diagnose(state(told)).advice.some((line) => line.includes('put-secret-value'));
  expect(offers('v:R c:R')).toBe(true);
  expect(offers('v:- c:R')).toBe(false);
  expect(offers('v:U c:R')).toBe(false);
  expect(offers('v:A c:R')).toBe(false);
  expect(offers('v:R c:R u:A')).toBe(false);
});

test('where a version was not tried, the finding does not say that only the service can be the reason', () => {
  const meaning = (told: Told) => diagnose(state(told)).meaning;
  const advice = (told: Told) => diagnose(state(told)).advice.join('\n');
  expect(meaning('v:R c:R u:-')).toContain('or removed AWSPENDING from the version that works');
  expect(meaning('v:R c:R')).not.toContain('removed AWSPENDING');
  expect(meaning('v:- c:R p:R')).toContain('or another version works');
  expect(meaning('v:R c:R p:R')).not.toContain('another version');
  expect(advice('v:R c:R u:-')).toContain('to try 1 more, only if');
  expect(advice('v:R c:R')).not.toContain('--probe-all');
});

test('the id of AWSPENDING’s version is in the advice to note it, whole', () => {
  const reason = { code: 'ERR_SERVICE_REFUSED', message: 'nothing listens', hint: 'correct "port"' };
  const found = state('c:U p:-');
  const versions = found.versions.map((each) => (each.verdict === 'unknown' ? { ...each, reason } : each));
  const { advice } = diagnose({ ...found, versions });
  expect(advice).toContain('otherwise: correct "port"');
  expect(advice.join('\n')).toContain('note the id of AWSPENDING’s version, p.');
});

const ALL = ['A', 'R', 'U', 'L', 'E', 'M', 'X', '-'];
const FEW = ['A', 'R', 'U', '-'];
const of = (letters: string, verdicts: readonly string[]) =>
  verdicts.map((verdict) => `${letters}:${verdict}`);

/** AWSCURRENT, AWSPENDING and AWSPREVIOUS on three versions, on one, or on none. */
const PLACES: readonly Told[] = [
  ...[...of('c', ALL), ''].flatMap((c) =>
    ['', ...of('p', ALL), ...of('pv', ALL)].flatMap((p) =>
      (p.startsWith('pv') ? [''] : ['', ...of('v', FEW)]).map((v) =>
        [v, c, p].filter((word) => word !== '').join(' '),
      ),
    ),
  ),
  ...of('cp', ALL).flatMap((cp) => ['', ...of('v', FEW)].map((v) => `${v} ${cp}`.trim())),
].filter((told) => told !== '');

test('each state has one finding, and no repair that its guards forbid; no row is for nothing', () => {
  const reached = new Set<string>();
  let count = 0;
  const settings = (['on', 'off', 'never'] as const).flatMap((rotation) =>
    [2, 180].flatMap((changed) =>
      [150, 99_000, undefined].flatMap((age) =>
        [100, undefined].flatMap((rotated) =>
          [false, true].map((isCopy) => ({ rotation, changed, age, rotated, isCopy })),
        ),
      ),
    ),
  );
  const secrets = PLACES.flatMap((places) =>
    ['', ...of('u', FEW), ...of('k', FEW), 'u:A u2:A'].map(
      (others) => [places, `${places} ${others}`.trim()] as const,
    ),
  );
  for (const [[places, told], setting] of secrets.flatMap((each) =>
    settings.map((one) => [each, one] as const),
  )) {
    const { rotation, changed, age, rotated, isCopy } = setting;
    if (isCopy && !places.includes('p:')) continue;
    const found = state(told, {
      rotation,
      changed,
      isCopy,
      ages: { p: places.includes('p:E') ? undefined : age, u: age, u2: age },
      ...(rotated !== undefined && { rotated }),
    });
    const { name, repairs } = diagnose(found);
    reached.add(name);
    count++;
    const of = (label: string) => found.versions.find(({ labels }) => labels.includes(label));
    const [current, pending, previous] = [of('AWSCURRENT'), of('AWSPENDING'), of('AWSPREVIOUS')];
    const problem = repairs
      .map((repair): string | undefined => {
        if (name === 'LOCKED' || name === 'UNKNOWN' || changed === 2) return 'nothing may be done here';
        if (!current || found.versions.some(({ verdict }) => verdict === 'locked')) return 'nobody knows';
        if (repair.kind === 'drop') {
          if (current.verdict !== 'accepted') return 'drops while AWSCURRENT does not work';
          if (pending === previous || pending?.isCopyOfCurrent) return undefined;
          if (rotation === 'on') return 'drops while a step may begin';
          return ['refused', 'empty'].includes(String(pending?.verdict))
            ? undefined
            : 'drops what is not dead';
        }
        const id = repair.kind === 'resume' ? repair.token : repair.to;
        const target = found.versions.find((version) => version.id === id);
        if (!target || target === previous || target === current) return 'brings back what was AWSCURRENT';
        if (target.createdAt && rotated !== undefined && rotated < (NOW - +target.createdAt) / MINUTE)
          return 'brings back what was AWSCURRENT, as its date says';
        const isNewer =
          target.createdAt !== undefined &&
          current.createdAt !== undefined &&
          target.createdAt > current.createdAt;
        if (!isNewer && target.verdict !== 'empty') return 'puts the older in place of the newer';
        if (repair.kind === 'resume') {
          if (rotation === 'off' || target !== pending) return 'takes steps that are refused';
          return [current, target].some(({ verdict }) => verdict === 'accepted')
            ? undefined
            : 'lets in who was locked out';
        }
        if (current.verdict !== 'refused' || target.verdict !== 'accepted')
          return 'moves AWSCURRENT without proof';
        if (target === pending) return undefined;
        if (rotation !== 'on' || target.labels.length > 0) return 'undoes what somebody did';
        return previous && ['accepted', 'unknown', 'untried'].includes(previous.verdict)
          ? 'overlooks AWSPREVIOUS'
          : undefined;
      })
      .find((each) => each !== undefined);
    if (problem) throw new Error(`${told} ${JSON.stringify(setting)} is ${name}: ${problem}`);
  }
  expect(count).toBeGreaterThan(100_000);
  const names = ROWS.map(({ name }) => name);
  expect(names.filter((name) => !reached.has(name))).toEqual(['ELSEWHERE']);
});

test('docs/operate.md has a section for each finding, in the order of the list', () => {
  const text = readFileSync(join(__dirname, '../../docs/operate.md'), 'utf8');
  expect(text.match(/(?<=^### )\w+$/gm)).toEqual(ROWS.map(({ name }) => name));
});
