import { setTimeout as sleep } from 'node:timers/promises';
import { diagnose, type Finding } from '../../operate/findings.js';
import type { LabelState } from '../../operate/label-state.js';
import { type MendEvent, mend } from '../../operate/mend.js';
import { notesOf, notLookedAt } from '../../operate/notes.js';
import type { ObserveOptions } from '../../operate/observe.js';
import type { Repair } from '../../operate/repairs.js';
import { takeStepsHere } from '../../operate/steps-here.js';
import { sameAgain } from '../aws/connection.js';
import { Interruption } from '../interruption.js';
import { confirmed } from '../terminal/question.js';
import { ageInWords, milliseconds } from '../terminal/time.js';
import { UsageError } from '../usage-error.js';
import type { DoctorInput } from './declaration.js';
import { type Subject, withSubject } from './subject.js';
import { findingLines, inWords, noteLines, type Place, titleOf, versionLines } from './text.js';

/** Runs `quarterturn doctor`; resolves to the exit code. */
export function doctor({ options, positionals }: DoctorInput): Promise<number> {
  const lookOnMs = milliseconds(options.wait);
  if (lookOnMs === undefined) {
    throw new UsageError(`--wait takes a time such as 30s or 15m, not ${JSON.stringify(options.wait)}`);
  }
  if (options.here && !options.fix) throw new UsageError('--here goes with --fix');
  return withSubject('doctor', options, positionals, (subject) => {
    const visit = new Visit(subject, options);
    return options.fix ? visit.fix(lookOnMs) : visit.examine();
  });
}

class Visit {
  readonly #subject: Subject;
  readonly #options: DoctorInput['options'];
  readonly #looking: ObserveOptions;

  constructor(subject: Subject, options: DoctorInput['options']) {
    this.#subject = subject;
    this.#options = options;
    this.#looking = options['probe-all'] ? { which: 'all', refusals: Number.POSITIVE_INFINITY } : {};
  }

  /** Looks, and prints the finding. */
  async examine(): Promise<number> {
    const state = await this.#subject.look(this.#looking);
    const finding = diagnose(state, { isHurried: this.#options.now });
    this.#tell({ kind: 'found', state, finding });
    return this.#end(state, finding);
  }

  /** Looks, and repairs. Ctrl-C ends it between two calls, a second Ctrl-C at once. */
  async fix(lookOnMs: number): Promise<number> {
    const stop = new AbortController();
    const interruption = new Interruption(
      () => stop.abort(),
      () => process.exit(interruption.exitCode),
    );
    const { client, rotator, secretId, timeline } = this.#subject;
    const whose = [timeline.name, timeline.region, `account ${timeline.arn.split(':')[4]}`].join(', ');
    const { here, now: isHurried, yes } = this.#options;
    let isDeclined = false;
    try {
      const { state, finding, repairs, unretired } = await mend(
        {
          client,
          now: client.now,
          signal: stop.signal,
          look: (next) => {
            stop.signal.throwIfAborted();
            return this.#subject.look({ ...this.#looking, next });
          },
          ...(here && {
            resume: (token: string) =>
              takeStepsHere({
                ...{ client, rotator, secretId, token },
                goesOn: () => !stop.signal.aborted,
                onStep: ({ step, outcome, warnings = [] }) => {
                  this.#print([`  ${step}: ${outcome}`, ...warnings.map((warning) => `    ${warning}`)], {
                    type: 'step',
                    step,
                    outcome,
                    warnings,
                  });
                },
              }),
          }),
          ask: async ({ repairs }, repair) => {
            if (repair.kind === 'promote' && !here && repairs.some(({ kind }) => kind === 'resume')) {
              this.#subject.output.say(
                'this moves the label alone; --here runs the rotation’s steps instead, finishSecret too',
              );
            }
            const isAgreed = await confirmed(`${inWords(repair)} of ${whose}?`, {
              isAgreed: yes,
              signal: stop.signal,
            });
            if (!isAgreed) this.#subject.output.say('nothing more was done');
            isDeclined = !isAgreed;
            return isAgreed;
          },
          tell: (event) => this.#tell(event),
          sleep: (ms) => sleep(ms, undefined, { signal: stop.signal }),
        },
        { isHurried, lookOnMs },
      );
      if (unretired !== undefined && rotator.finishSecret) {
        this.#print(
          [
            `AWSCURRENT moved without finishSecret: version ${unretired} holds what finishSecret would have retired`,
          ],
          { type: 'unretired', versionId: unretired },
        );
      }
      if (!isDeclined && repairs.length === 0 && finding.name !== 'OK') this.#sayNothingRepaired(finding);
      const isCauseLeft = state.rotation === 'on' && repairs.some(({ kind }) => kind !== 'drop');
      if (isCauseLeft && finding.name === 'OK') this.#sayCauseLeft();
      return interruption.exitCode ?? this.#end(state, finding);
    } catch (error) {
      if (interruption.exitCode === undefined) throw error;
      this.#subject.output.say('stopped; run it again to see what is left');
      return interruption.exitCode;
    } finally {
      interruption.end();
    }
  }

  #sayNothingRepaired({ repairs }: Finding): void {
    const wantsSteps = !this.#options.here && repairs[0]?.kind === 'resume';
    this.#subject.output.say(
      `nothing was repaired${wantsSteps ? ': --here runs the four steps on this machine' : ''}`,
    );
  }

  /** The function may still be as broken as it was: nothing here has run it. */
  #sayCauseLeft(): void {
    const { timeline, connection, output } = this.#subject;
    output.say(
      'the secret is repaired. The cause may be left: the function’s log says why the rotation stopped. ' +
        `Then let the function rotate once: quarterturn rotate ${timeline.name}${sameAgain(connection)}`,
    );
  }

  #tell(event: MendEvent): void {
    switch (event.kind) {
      case 'found':
        this.#tellFinding(event.state, event.finding);
        break;
      case 'repaired':
        this.#print([`done: ${inWords(event.repair)}`], { type: 'repaired', repair: event.repair });
        break;
      case 'failed':
        this.#tellFailure(event.repair, event);
        break;
      case 'looking-on':
        this.#print(
          [`watching for ${ageInWords(event.forMs)}, in case a step was still running; Ctrl-C ends it`],
          { type: 'looking-on', forMs: event.forMs },
        );
    }
  }

  #tellFinding(state: LabelState, finding: Finding): void {
    const { timeline } = this.#subject;
    this.#print(
      [
        titleOf(timeline.name, timeline.region, state),
        ...versionLines(state),
        ...findingLines(finding, state, this.#place()),
      ],
      { type: 'found', ...state, finding },
    );
  }

  /** A command to copy repeats --now and --probe-all: without them, it would not find again what this one found. */
  #place(): Place {
    const { timeline, connection, again } = this.#subject;
    const { now, 'probe-all': isAll } = this.#options;
    const same = `${isAll ? ' --probe-all' : ''}${now ? ' --now' : ''}`;
    return { name: timeline.name, forAws: sameAgain(connection), again: `${again}${same}` };
  }

  #tellFailure(repair: Repair, { reason }: Extract<MendEvent, { kind: 'failed' }>): void {
    const { code, message, hint } = reason;
    this.#print(
      [`failed: ${inWords(repair)}`, `  ${code}: ${message}`, ...(hint ? [`  hint: ${hint}`] : [])],
      {
        type: 'failed',
        repair,
        reason,
      },
    );
  }

  #end(state: LabelState, finding: Finding): number {
    const notes = notesOf(this.#subject.timeline, state);
    const isFine = finding.name === 'OK';
    const notSeen = isFine || finding.name === 'ELSEWHERE' ? [] : notLookedAt(state);
    const lines = noteLines(notes, notSeen, state, this.#place());
    if (this.#options.json || lines.length > 0)
      this.#print(lines, { type: 'end', finding: finding.name, notes });
    return isFine && notes.every(({ name }) => name === 'ROTATION_OFF' || name === 'AGES_UNKNOWN') ? 0 : 1;
  }

  #print(lines: readonly string[], json: object): void {
    this.#subject.print(this.#options.json ? [JSON.stringify(json)] : lines);
  }
}
