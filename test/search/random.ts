import { STEPS } from '../../src/step.js';
import { withoutWaiting } from './no-waiting.js';
import { recover } from './recovery.js';
import { type Choice, Run } from './run.js';
import type { MakeService } from './service.js';
import type { Delivery } from './thread.js';
import { type Moment, World } from './world.js';

export interface RandomOptions {
  readonly service: MakeService;
  /** The seed of the first schedule; that of the next is one more, so that each can be had again alone. */
  readonly seed: number;
  readonly schedules: number;
  /** How many faults and events a schedule may have. */
  readonly disturbances: number;
}

export interface RandomFindings {
  schedules: number;
  /** After each of them all that is promised of any moment was looked at. */
  effects: number;
  violation?: { readonly seed: number; readonly problem: string; readonly trace: readonly string[] };
}

/** So many times is a rotation gone on with or begun again, at most, before it is left to the recovery. */
const MOST_ROUNDS = 12;

/**
 * Runs schedules that chance makes, longer than those of which all can be run: a step is delivered up to three times at
 * once, beside deliveries of steps before it, reads can fail too, and a rotation goes on or begins again.
 */
export async function searchAtRandom(options: RandomOptions): Promise<RandomFindings> {
  const findings: RandomFindings = { schedules: 0, effects: 0 };
  const world = new World(options.service);
  const restore = withoutWaiting(() => world.now);
  try {
    await world.begin();
    const first = world.save();
    while (findings.schedules < options.schedules && !findings.violation) {
      const seed = options.seed + findings.schedules;
      const schedule = new RandomSchedule(world, chance(seed), options.disturbances);
      const problem = await schedule.run(first);
      findings.schedules += 1;
      findings.effects += schedule.effects;
      if (problem !== undefined) findings.violation = { seed, problem, trace: schedule.trace };
    }
  } finally {
    restore();
  }
  return findings;
}

class RandomSchedule {
  readonly trace: string[] = [];
  effects = 0;
  readonly #world: World;
  readonly #below: (limit: number) => number;
  #left: number;

  constructor(world: World, below: (limit: number) => number, disturbances: number) {
    this.#world = world;
    this.#below = below;
    this.#left = disturbances;
  }

  /** @returns what is wrong, if anything is */
  async run(first: Moment): Promise<string | undefined> {
    this.#world.restore(first);
    let step = 0;
    for (let round = 0; round < MOST_ROUNDS && step < STEPS.length; round++) {
      const end = await this.#round(step);
      if (typeof end === 'string') return end;
      step = end && this.#below(8) > 0 ? step + 1 : 0;
    }
    this.trace.push('then alone, and once more');
    return recover(this.#world);
  }

  /** @returns whether a delivery of the step has succeeded, or what is wrong */
  async #round(step: number): Promise<boolean | string> {
    const run = new Run(this.#world, true);
    const deliveries = this.#deliveries(step);
    await run.begin(deliveries);
    this.trace.push(
      Object.entries(deliveries)
        .map(([name, steps]) => `${name} ${steps}`)
        .join(', '),
    );
    for (let choice = this.#choose(run); choice; choice = this.#choose(run)) {
      this.trace.push(`  ${await run.take(choice)}`);
      this.effects += 1;
      const problem = this.#world.broken();
      if (problem !== undefined) return problem;
    }
    const isOfStep = (steps: readonly Delivery[]) => steps.some((each) => each === STEPS[step]);
    return run.threads.some(({ state, deliveries }) => state === 'succeeded' && isOfStep(deliveries));
  }

  #deliveries(step: number): Readonly<Record<string, readonly Delivery[]>> {
    const others = ['B', 'C'].slice(0, this.#below(3)).map((name) => {
      // As often the same step as one of those until now, which an earlier attempt is late with.
      const late = this.#below(2) > 0 ? step : this.#below(step + 1);
      return [name, STEPS.slice(late, late + 1)] as const;
    });
    return Object.fromEntries([['A', STEPS.slice(step, step + 1)] as const, ...others]);
  }

  #choose(run: Run): Choice | undefined {
    const choices = run.choices(this.#left);
    const on = choices.filter(({ what }) => what === 'goes on');
    const disturbances = choices.slice(on.length);
    const isDisturbed = disturbances.length > 0 && this.#below(8) === 0;
    if (isDisturbed) this.#left -= 1;
    const among = isDisturbed ? disturbances : on;
    return among[this.#below(among.length)];
  }
}

/** Numbers below a limit that follow from a seed (Mulberry32). */
function chance(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
