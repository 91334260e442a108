import { STEPS, type Step } from '../../src/step.js';
import { withoutWaiting } from './no-waiting.js';
import { recover } from './recovery.js';
import { type Choice, Run } from './run.js';
import type { MakeService } from './service.js';
import type { Delivery } from './thread.js';
import { type Moment, NAME, World } from './world.js';

export interface SearchOptions {
  readonly service: MakeService;
  /** How many faults and events a schedule may have. */
  readonly disturbances: number;
  readonly failsReads?: boolean;
  /** One delivery of each step, instead of two. */
  readonly isAlone?: boolean;
  /** What runs beside what, instead of two deliveries of each step. */
  readonly deliveries?: Deliveries;
  /** The steps that were taken before. */
  readonly taken?: readonly Step[];
}

export interface Findings {
  /** Schedules that were run, to their end or until they met a state that was known. */
  schedules: number;
  states: number;
  /** Recoveries that were run, one for each state at the end of schedules. */
  ends: number;
  /** How often a label could not move back, since a delivery had just looked at the labels to end keys by them. */
  excused: number;
  /** Recoveries from a state in which nothing works that is promised, since a person had intervened. */
  overtaken: number;
  /** What is wrong, and how it comes about with the fewest disturbances. */
  violation?: { readonly problem: string; readonly trace: readonly string[] };
}

type Deliveries = Readonly<Record<string, readonly Delivery[]>>;

/** Where schedules begin: a state, and which step is delivered next. */
interface Node {
  readonly moment: Moment;
  readonly step: number;
  readonly left: number;
  readonly trace: readonly string[];
}

/** Looks for a schedule that breaks what is promised; if there is one, for one with the fewest disturbances. */
export async function search(options: SearchOptions): Promise<Findings> {
  const all = await searchWith(options.disturbances, options);
  for (let left = 0; all.violation && left < options.disturbances; left++) {
    const findings = await searchWith(left, options);
    if (findings.violation) return findings;
  }
  return all;
}

async function searchWith(left: number, options: SearchOptions): Promise<Findings> {
  const findings: Findings = { schedules: 0, states: 0, ends: 0, excused: 0, overtaken: 0 };
  const world = new World(options.service);
  const restore = withoutWaiting(() => world.now);
  try {
    await world.begin();
    for (const step of options.taken ?? []) await world.secrets.rotation(NAME).deliver(step);
    await new Search(world, options, findings).from({ moment: world.save(), step: 0, left, trace: [] });
  } finally {
    restore();
  }
  return findings;
}

class Search {
  readonly #world: World;
  readonly #deliveries: Deliveries | undefined;
  readonly #isAlone: boolean;
  readonly #failsReads: boolean;
  readonly #findings: Findings;
  readonly #seen = new Set<string>();
  readonly #ends = new Set<string>();
  readonly #nodes: Node[] = [];
  readonly #known = new Set<string>();

  constructor(world: World, options: SearchOptions, findings: Findings) {
    const { deliveries, isAlone = false, failsReads = false } = options;
    this.#world = world;
    this.#deliveries = deliveries;
    this.#isAlone = isAlone;
    this.#failsReads = failsReads;
    this.#findings = findings;
  }

  async from(first: Node): Promise<void> {
    this.#nodes.push(first);
    for (let node = this.#nodes.shift(); node && !this.#findings.violation; node = this.#nodes.shift()) {
      await this.#schedules(node);
    }
  }

  /** All schedules of one step, from one state: depth first, each run anew from the start. */
  async #schedules(node: Node): Promise<void> {
    const open: (readonly Choice[])[] = [[]];
    for (let prefix = open.pop(); prefix && !this.#findings.violation; prefix = open.pop()) {
      this.#findings.schedules += 1;
      open.push(...(await this.#run(node, prefix)));
    }
  }

  /** @returns the choices that it passed by */
  async #run(node: Node, prefix: readonly Choice[]): Promise<readonly (readonly Choice[])[]> {
    const { step } = node;
    this.#world.restore(node.moment);
    const run = new Run(this.#world, this.#failsReads);
    const one = STEPS.slice(step, step + 1);
    const title = this.#deliveries ? 'at once' : `${one}, delivered ${this.#isAlone ? 'once' : 'twice'}`;
    await run.begin(this.#deliveries ?? (this.#isAlone ? { A: one } : { A: one, B: one }));
    const taken: Choice[] = [];
    const trace = [...node.trace, title];
    const passed: (readonly Choice[])[] = [];
    let left = node.left;
    for (;;) {
      if (taken.length >= prefix.length && !this.#isNew(`${step} ${left} ${run.fingerprint()}`))
        return passed;
      const choices = run.choices(left);
      const choice = prefix[taken.length] ?? choices[0];
      if (!choice) break;
      if (taken.length >= prefix.length) passed.push(...choices.slice(1).map((other) => [...taken, other]));
      if (choice.what !== 'goes on') left -= 1;
      taken.push(choice);
      trace.push(`  ${await run.take(choice)}`);
      const problem = this.#world.broken();
      if (problem !== undefined) return this.#violated(problem, trace);
    }
    this.#findings.excused += run.excused;
    const succeeded = run.threads.filter(({ state }) => state === 'succeeded').length;
    await this.#end({ moment: this.#world.save(), step, left, trace }, succeeded, run.threads.length);
    return passed;
  }

  /** What follows upon a step: the next, if one of the deliveries succeeded; the whole again, if one did not. */
  async #end(node: Node, succeeded: number, deliveries: number): Promise<void> {
    const fingerprint = this.#world.fingerprint();
    if (!this.#deliveries) {
      if (succeeded > 0) this.#follow({ ...node, step: node.step + 1 }, fingerprint);
      if (succeeded < deliveries) this.#follow({ ...node, step: 0 }, fingerprint);
    }
    if (this.#ends.has(fingerprint)) return;
    this.#ends.add(fingerprint);
    this.#findings.ends += 1;
    if (!this.#world.isKept()) this.#findings.overtaken += 1;
    const problem = await recover(this.#world);
    if (problem !== undefined) this.#violated(problem, [...node.trace, 'then alone, and once more']);
  }

  #follow(node: Node, fingerprint: string): void {
    const key = `${node.step} ${node.left} ${fingerprint}`;
    if (node.step >= STEPS.length || this.#known.has(key)) return;
    this.#known.add(key);
    this.#nodes.push(node);
  }

  #isNew(state: string): boolean {
    if (this.#seen.has(state)) return false;
    this.#seen.add(state);
    this.#findings.states += 1;
    return true;
  }

  #violated(problem: string, trace: readonly string[]): readonly [] {
    this.#findings.violation = { problem, trace };
    return [];
  }
}
