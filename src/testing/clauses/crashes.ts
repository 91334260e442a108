import assert from 'node:assert/strict';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Fault } from '../../local/faults.js';
import { STEPS, type Step } from '../../step.js';
import type { Failure } from '../line.js';
import { type Clause, clause, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

type Crash = Exclude<Failure, 'stalled' | 'failing'>;
/** The names of clauses: what goes wrong at any message that the rotator sends. */
const FAILURES: Readonly<Record<Crash, string>> = {
  dead: 'it died after any message',
  lost: 'a connection broke before any message arrived',
  unanswered: 'a connection broke before any message was answered',
};
/** The same at one message, after which a clause says what must hold. */
const AT: Readonly<Record<Crash, (step: Step, message: number) => string>> = {
  dead: (step, message) => `${step} died at message ${message}`,
  lost: (step, message) => `message ${message} of ${step} was lost`,
  unanswered: (step, message) => `message ${message} of ${step} got no answer`,
};

/** The names of clauses: what Secrets Manager does at any call. */
const FAULTS: Readonly<Record<string, Omit<Fault, 'call'>>> = {
  'any call to Secrets Manager was throttled': { kind: 'throttle' },
  'any call to Secrets Manager saw what was there before': { kind: 'stale' },
};

const AT_THE_WRITES = (['PutSecretValue', 'UpdateSecretVersionStage'] as const).flatMap((operation) =>
  (['before', 'after'] as const).map((when) => ({ operation, when })),
);

/** The steps that change something. */
const LATE = ['createSecret', 'setSecret', 'finishSecret'] as const;
const CONFIRM =
  'ask context.confirm() right before the change, and make the change fail when it comes late: by a condition that you read ' +
  'before you ask, or by a lock or a transaction that you hold while you ask. If the service knows none of these, declare `lateChangesLand`';

/** A rotation that breaks off anywhere can start over. */
export function crashes(stand: Stand): Clause[] {
  const begin = () => Trial.begin(stand);

  /** A rotation up to its first failure, as AWS drives it. */
  async function attempt(trial: Trial): Promise<void> {
    for (const step of STEPS) if (await trial.outcome(step)) return;
  }

  /** Has the first message of a step fail, then, in another trial, the second, and so on to the last. */
  async function failEverywhere(step: Step, how: Crash): Promise<void> {
    for (let hasFailed = true, message = 1; hasFailed; message++) {
      const what = AT[how](step, message);
      const trial = await begin();
      // In a first rotation there is nothing to retire.
      if (step === 'finishSecret') await trial.rotateFirst();
      await trial.upTo(step);
      stand.line().failAt(message, how);
      const error = await trial.outcome(step);
      hasFailed = stand.line().mend();
      if (!hasFailed) return;
      if (step === 'setSecret' && error === undefined) await trial.assertSet(what);
      await trial.assertOpen(what);
      await trial.startOver(what);
    }
  }

  /** The same for every call to Secrets Manager. */
  async function failEveryCall(clauseOf: string, fault: Omit<Fault, 'call'>): Promise<void> {
    for (let call = 1; ; call++) {
      const what = clauseOf.replace('any call', `call ${call}`);
      const trial = await begin();
      const ordered = trial.secrets.inject({ ...fault, call });
      await attempt(trial);
      if (ordered.hits === 0) return;
      await trial.assertOpen(what);
      await trial.startOver(what);
    }
  }

  /**
   * Holds a message of a step back while another attempt ends the rotation and a later one follows; then lets it go.
   *
   * @returns whether the step has sent so many
   */
  async function holdBack(step: Step, message: number): Promise<boolean> {
    const trial = await begin();
    if (step === 'finishSecret') await trial.rotateFirst();
    await trial.upTo(step);
    const { token } = trial;
    const looks = trial.watch.confirmed;
    const held = stand.line().holdAt(message);
    let hasEnded = false;
    const late = trial.outcome(step).finally(() => {
      hasEnded = true;
    });
    while (!hasEnded && !held.isHeld) await turn();
    if (!held.isHeld || (stand.lateChangesLand && trial.watch.confirmed > looks)) {
      held.letGo();
      await late;
      return false;
    }
    const heldBack = `message ${message} of ${step} was held back`;
    trial.restart();
    // Where nobody waits for what is held back (a QUIT), the attempt goes on, and the next may meet it.
    await trial.outcome(step);
    await trial.startOver(heldBack);
    let rotationMs = 0;
    // Where two credentials take turns, the next rotation leaves alone what setSecret changes in this one.
    for (let later = stand.overlaps && step !== 'finishSecret' ? 2 : 1; later > 0; later--) {
      const beganAt = performance.now();
      await trial.rotate();
      await trial.startOver(heldBack);
      rotationMs = performance.now() - beganAt;
    }
    await trial.keepListed(token);
    held.letGo();
    await late;
    // A service that takes a while took no longer than the rotation that waited for it.
    const endsAt = performance.now() + (stand.propagates ? rotationMs : 0);
    for (;;) {
      // A key that is issued too late harms nobody: the next sweep ends it.
      for (const label of stand.overlaps ? ['AWSCURRENT', 'AWSPREVIOUS'] : ['AWSCURRENT']) {
        assert.ok(
          await stand.accepts(await trial.value(label)),
          `${heldBack} until a later rotation had ended, and took effect then: the service refuses ${label} now. In ${step}, ${CONFIRM}`,
        );
      }
      if (performance.now() >= endsAt) return true;
      await sleep(5);
    }
  }

  return [
    ...STEPS.map((last) =>
      clause(`starts over from createSecret after it died at the end of ${last}`, async () => {
        const trial = await begin();
        await trial.steps(STEPS.slice(0, STEPS.indexOf(last) + 1));
        await trial.startOver(`an attempt died at the end of ${last}`);
      }),
    ),

    ...Object.entries(FAILURES).map(([how, what]) =>
      clause(`starts over when ${what}`, async () => {
        for (const step of STEPS) await failEverywhere(step, how as Crash);
      }),
    ),

    ...AT_THE_WRITES.map(({ operation, when }) =>
      clause(`starts over when ${operation} failed ${when} it took effect`, async () => {
        const trial = await begin();
        trial.secrets.inject({ operation, kind: 'dropped', when });
        await attempt(trial);
        await trial.assertOpen(`${operation} failed`);
        await trial.startOver(`${operation} failed ${when} it took effect`);
      }),
    ),

    ...Object.entries(FAULTS).map(([what, fault]) =>
      clause(`starts over when ${what}`, () => failEveryCall(what, fault)),
    ),

    clause('takes every step twice in a row', async () => {
      const trial = await begin();
      for (const step of STEPS) {
        await trial.steps([step]);
        trial.restart();
        await trial.steps([step], `${step} must succeed when it runs a second time`);
      }
      await trial.assertRotated();
    }),

    clause('takes every step twice at once', async () => {
      const trial = await begin();
      for (const step of STEPS) {
        const first = trial.outcome(step);
        trial.restart();
        await Promise.all([first, trial.outcome(step)]);
      }
      await trial.startOver('every step ran twice at once');
    }),

    ...LATE.map((step) =>
      clause(`lets no change of ${step} that was held back undo a later rotation`, async () => {
        for (let message = 1; await holdBack(step, message); message++);
      }),
    ),

    clause('takes createSecret again while an earlier attempt is still at it', async () => {
      for (let isUnderWay = true, message = 1; isUnderWay; message++) {
        const trial = await begin();
        const until = stand.line().sent + message;
        let hasEnded = false;
        const first = trial.outcome('createSecret').finally(() => {
          hasEnded = true;
        });
        while (!hasEnded && stand.line().sent < until) await turn();
        isUnderWay = !hasEnded;
        trial.restart();
        await Promise.all([first, trial.outcome('createSecret')]);
        await trial.startOver('createSecret ran while an earlier attempt had not stored its value yet');
      }
    }),
  ];
}
