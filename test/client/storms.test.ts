import { rotatingSecret } from '../../src/client/index.js';
import {
  awsError,
  clientWorld,
  freeze,
  type Login,
  numbersFrom,
  Refused,
  unreachable,
} from '../support/client-world.js';
import { isThorough } from '../support/thorough.js';

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const STEP_MS = 50;
const HOUR = 3_600_000;
/** How long after all is well again nobody fails any more: a back-off of 30 s, and a login that hung. */
const CALM_MS = 45_000;
/** The same, if a policy forbade AWSPENDING. */
const FORBIDDEN_MS = 300_000 + CALM_MS;

/** A server, or one behind a load balancer, and all logins that it has seen. */
class Place {
  accepted = new Set(['password-1']);
  mood: 'well' | 'resets' | 'locked' | 'slow' = 'well';
  logins = 0;
  refused = 0;
  /** By version: what its callers know. */
  readonly #known = new Map<string, { is: 'accepted' | 'refused'; number: number; at: number }>();
  /** When a login began with what was known to be refused: by its version. */
  readonly #triedAt = new Map<string, number>();
  /** Pairs of logins with a version that was known to be refused, less than a second apart. */
  readonly storms: string[] = [];
  readonly random: () => number;
  readonly now: () => number;

  constructor(random: () => number, now: () => number) {
    this.random = random;
    this.now = now;
  }

  async logIn(password: string): Promise<string> {
    const number = ++this.logins;
    const begun = this.now();
    const known = this.#known.get(password);
    if (known?.is === 'refused' && begun - known.at > STEP_MS) {
      const last = Math.max(known.at, this.#triedAt.get(password) ?? 0);
      if (begun - last < 1000) this.storms.push(`${password} again after ${begun - last} ms`);
      this.#triedAt.set(password, begun);
    }
    const { mood } = this;
    const ms = mood === 'slow' ? this.random() * 15_000 : this.random() * 80;
    const isAccepted = this.accepted.has(password);
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (mood === 'resets' && this.random() < 0.5) {
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    }
    if (mood === 'locked' && this.random() < 0.8) {
      throw Object.assign(new Error('locked'), { code: 'ER_ACCOUNT_HAS_BEEN_LOCKED' });
    }
    const before = this.#known.get(password);
    const is = isAccepted ? 'accepted' : 'refused';
    if (!isAccepted) this.refused++;
    // Logins that were under way together are one refusal: those that began before it was known say nothing new.
    if (!before || number > before.number) {
      this.#known.set(password, { is, number: isAccepted ? number : this.logins, at: this.now() });
    }
    if (!isAccepted) throw new Refused('password authentication failed');
    return password;
  }

  /** The clock was set, or the process was frozen: what is known is as if it were long ago. */
  forgetTimes(): void {
    for (const known of this.#known.values()) known.at = -HOUR;
    this.#triedAt.clear();
  }
}

interface Caller {
  readonly from: number;
  readonly limitMs: number;
  readonly place: Place;
  logins: number;
  /** In its own logins. */
  workMs: number;
  accepted: string | undefined;
  isOver: boolean;
  overMs: number;
  value?: unknown;
  error?: unknown;
}

const seeds = Array.from({ length: isThorough ? 300 : 8 }, (_, n) => n + 1);

test.each(seeds)(
  'schedule %i of faults: no storm of logins or calls, nobody waits beyond the limit, and then all get in',
  async (seed) => {
    const random = numbersFrom(seed);
    jest.spyOn(Math, 'random').mockImplementation(numbersFrom(seed + 1000));
    const { secrets, client, remote, stage, promote, unlabel } = await clientWorld(
      {},
      { password: 'password-1' },
    );
    /** Time that has passed, whatever the clock says. */
    let start = Date.now();
    const now = () => Date.now() - start;
    const pick = <X>(...of: readonly X[]): X => of[Math.floor(random() * of.length)] as X;

    // Secrets Manager.
    const asked: number[] = [];
    let service: 'well' | 'away' | 'denied' | 'forbids AWSPENDING' | 'hangs' | 'slow' | 'stale' = 'well';
    let wasForbidden = false;
    let lastAnswer: Awaited<ReturnType<typeof client.getSecretValue>> | undefined;
    const secret = rotatingSecret<Login>('app/db', {
      client: {
        async getSecretValue(input) {
          asked.push(now());
          const isPending = input.VersionStage === 'AWSPENDING';
          if (service === 'away') throw unreachable();
          if (service === 'hangs') await new Promise(() => {});
          if (service === 'denied' || (service === 'forbids AWSPENDING' && isPending)) {
            wasForbidden = true;
            throw awsError('AccessDeniedException');
          }
          const answer = await client.getSecretValue(input);
          if (service === 'slow') await new Promise((resolve) => setTimeout(resolve, random() * 4000));
          if (isPending) return answer;
          if (service === 'stale' && random() < 0.5) return lastAnswer ?? answer;
          lastAnswer = answer;
          return answer;
        },
      },
      parse: (json) => json as Login,
    });

    const places = [new Place(random, now), new Place(random, now)] as const;
    const callers: Caller[] = [];
    function call(): void {
      const place = pick(...places);
      const limitMs = pick(undefined, undefined, undefined, 0, 300, 2000, 5000);
      const aborted = random() < 0.1 ? AbortSignal.abort(new Error('enough')) : undefined;
      const abort = new AbortController();
      if (random() < 0.2) setTimeout(() => abort.abort(new Error('enough')), random() * 8000);
      const caller: Caller = {
        ...{ from: now(), limitMs: limitMs ?? 10_000, place },
        ...{ logins: 0, workMs: 0, accepted: undefined, isOver: false, overMs: 0 },
      };
      callers.push(caller);
      const isNotMade = random() < 0.2;
      const work = async ({ password }: Login) => {
        if (isNotMade) throw Object.assign(new Error('none'), { code: 'ERR_LOGIN_NOT_MADE' });
        caller.logins++;
        const begun = now();
        try {
          caller.accepted = await place.logIn(password);
          return caller.accepted;
        } finally {
          caller.workMs += now() - begun;
        }
      };
      const options = { place, limitMs, signal: aborted ?? abort.signal };
      secret
        .logIn(work, options)
        .then(
          (value) => Object.assign(caller, { value }),
          (error) => Object.assign(caller, { error }),
        )
        .finally(() => Object.assign(caller, { isOver: true, overMs: now() }));
    }

    let perStep = 0;
    let isInvalidating = false;
    async function pass(ms: number, stepMs = STEP_MS): Promise<void> {
      for (const end = now() + ms; now() < end; ) {
        for (let n = perStep; n > random(); n--) call();
        if (isInvalidating) secret.invalidate();
        await jest.advanceTimersByTimeAsync(stepMs);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    // Rotations.
    let n = 1;
    let pending: string | undefined;
    const accept = (...passwords: string[]) => {
      for (const { accepted } of places) {
        if (random() < 0.3) continue;
        accepted.clear();
        for (const password of passwords) accepted.add(password);
      }
    };
    const rotate = {
      stage: async () => {
        pending = await stage({ password: `password-${++n}` });
      },
      set: () => accept(`password-${n}`),
      both: () => accept(`password-${n}`, `password-${n - 1}`),
      nobody: () => accept(),
      promote: async () => pending && promote(pending).catch(() => {}),
      unlabel: async () => pending && unlabel(pending).catch(() => {}),
      back: async () => {
        const { VersionId } = await secrets
          .getSecretValue({ SecretId: 'app/db', VersionStage: 'AWSPREVIOUS' })
          .catch(() => ({ VersionId: undefined }));
        if (VersionId) await promote(VersionId).catch(() => {});
      },
    };
    const steps = Object.values(rotate);
    const setClock = (ms: number) => {
      freeze(ms);
      start += ms;
      for (const place of places) place.forgetTimes();
    };

    perStep = 0.3;
    await pass(1000);
    for (let event = 0; event < 14; event++) {
      perStep = pick(0.05, 0.3, 3);
      for (const place of places) place.mood = pick('well', 'well', 'well', 'resets', 'locked', 'slow');
      service = pick(
        'well',
        'well',
        'well',
        'away',
        'denied',
        'forbids AWSPENDING',
        'hangs',
        'slow',
        'stale',
      );
      isInvalidating = random() < 0.1;
      for (const step of random() < 0.5 ? [rotate.stage, rotate.set] : [pick(...steps), pick(...steps)]) {
        await step();
        await pass(random() * 2000);
      }
      if (random() < 0.08) setClock(pick(40_000, 2 * HOUR, -HOUR));
      await pass(random() * pick(500, 5000, 15_000));
    }

    // All is well again, and stays so.
    isInvalidating = false;
    service = 'well';
    for (const place of places) place.mood = 'well';
    await stage({ password: `password-${++n}` });
    const isPendingAlone = random() < 0.5;
    if (!isPendingAlone) await stage({ password: `password-${++n}` }, ['AWSCURRENT']);
    for (const { accepted } of places) {
      accepted.clear();
      accepted.add(`password-${n}`);
    }
    perStep = 0.5;
    await pass(isPendingAlone && wasForbidden ? FORBIDDEN_MS : CALM_MS, 500);
    const first = callers.length;
    await pass(10_000, 500);
    perStep = 0;
    await pass(30_000, 1000);

    for (const { storms } of places) expect(storms).toEqual([]);
    const window = (ms: number) =>
      Math.max(0, ...asked.map((at) => asked.filter((t) => t >= at && t < at + ms).length));
    expect(window(1000)).toBeLessThanOrEqual(5);
    expect(window(10_000)).toBeLessThanOrEqual(24);
    expect(remote.mostAtOnce).toBeLessThanOrEqual(2);
    expect(Math.max(...callers.map(({ logins }) => logins))).toBeLessThanOrEqual(3);
    for (const caller of callers) {
      const { isOver, overMs, from, workMs, limitMs, accepted, value } = caller;
      expect(isOver).toBe(true);
      // A first read ends after ten seconds, for those too who have no time; then there is one look.
      const mostMs = (limitMs || 12_000) + 1000;
      if (overMs - from - workMs > mostMs) expect(caller).toBe('over in time');
      if (accepted !== undefined) expect(value).toBe(accepted);
    }
    const late = callers.slice(first).filter(({ error }) => !/none|enough/.test((error as Error)?.message));
    expect(late.filter(({ value }) => value !== `password-${n}`)).toEqual([]);
    secret.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(late.length).toBeGreaterThan(0);
  },
);
