import assert from 'node:assert/strict';
import { isRotationError } from '../../errors.js';
import { STEPS, type Step } from '../../step.js';
import type { Line } from '../line.js';
import { comesTrue } from '../moments.js';
import { type Clause, clause, type Json, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

/** What keeps a rotator from asking the service. */
const OUTAGES: Readonly<Record<string, (line: Line) => void>> = {
  'an unreachable service': (line) => line.cut(),
  'a service that is out of order': (line) => line.failAt(1, 'failing'),
};

/** Clauses about testSecret: its verdict, and the answers that may decide it. */
export function verdicts(stand: Stand): Clause[] {
  const { accepts, line, wrong } = stand;
  return [
    clause('passes a test of the current value alone (RotateImmediately=false)', async () => {
      const trial = await Trial.begin(stand, { RotateImmediately: false });
      await trial.run('testSecret must accept a copy of AWSCURRENT, and need no other step');
      assert.ok(await accepts(await trial.value('AWSCURRENT')), 'testSecret must change nothing');
    }),

    ...(stand.propagates
      ? []
      : [
          clause('returns from setSecret only when the service accepts AWSPENDING', async () => {
            for (const current of [(secret: Json) => secret, stand.refused]) {
              const trial = await Trial.begin(stand, { current });
              for (const step of ['createSecret', 'setSecret'] as const) {
                if (await trial.outcome(step)) break;
                if (step === 'setSecret') await trial.assertSet();
              }
            }
          }),
        ]),

    clause('rejects, in testSecret, what the service does not accept', async () => {
      const trial = await Trial.begin(stand);
      await trial.store(wrong(await trial.value('AWSCURRENT')));
      const advice = "testSecret must return 'rejected' when the service refuses the credential";
      assert.ok(isRejection(await trial.outcome('testSecret')), advice);
    }),

    ...Object.entries(OUTAGES).flatMap(([outage, begins]) =>
      (['setSecret', 'testSecret'] as const).map((step) =>
        clause(`does not take ${outage} for a refusal, in ${step}`, async () => {
          const trial = await Trial.begin(stand);
          await trial.steps(['createSecret']);
          const before = line().sent;
          begins(line());
          // Soon: it may try again until its time is up.
          const error = await trial.outcome(step, TOO_SHORT_MS);
          // A credential that is issued works before setSecret, which then has nothing to ask the service.
          const isDone = step === 'setSecret' && line().sent === before && (await trial.isSet());
          assert.ok(error !== undefined || isDone, `${step} must throw when it meets ${outage}`);
          const advice =
            `${step} took ${outage} for a refusal: only an answer in which the service itself refuses the credential is one, so throw ` +
            'every other error';
          assert.ok(!isRejection(error), advice);
        }),
      ),
    ),

    clause('gives up in time when the service does not answer, and takes that for no refusal', async () => {
      for (const step of STEPS) {
        const counted = await Trial.begin(stand);
        await counted.upTo(step);
        const before = line().sent;
        await counted.steps([step]);
        const messages = line().sent - before;
        for (const message of messages > 0 ? new Set([1, Math.ceil(messages / 2)]) : []) {
          const trial = await Trial.begin(stand);
          await trial.upTo(step);
          line().failAt(message, 'stalled');
          const error = await trial.outcome(step, TOO_SHORT_MS);
          const isSilent = error === undefined && message === 1 && ASKING.includes(step);
          const advice = `${step} must throw when nothing answers: a timeout is`;
          assert.ok(!isSilent, `${advice} no success`);
          assert.ok(!isRejection(error), `${advice} not a refusal`);
          assert.ok(
            await comesTrue(() => trial.watch.running.size === 0),
            `${step} still waited for the service when its time was up: give context.signal to everything that waits`,
          );
          line().mend();
          await trial.startOver(`message ${message} of ${step} got no answer`);
        }
      }
    }),

    clause('follows no AWSPENDING that somebody has pointed elsewhere', async () => {
      const { rotates, mayRotate = [], shows } = stand.declared();
      const source = await Trial.begin(stand);
      await source.steps(['createSecret']);
      const [made, first] = [await source.value('AWSPENDING'), await source.value('AWSCURRENT')];
      const isOfInterest = (field: string) => !rotates.includes(field) || shows.includes(field);
      for (const field of Object.keys(first).filter(isOfInterest)) {
        const trial = await Trial.begin(stand);
        const current = await trial.value('AWSCURRENT');
        const credential = rotates.filter((name) => !shows.includes(name)).map((name) => [name, made[name]]);
        const pending: Json = {
          ...current,
          ...Object.fromEntries(credential),
          [field]: another(current[field]),
        };
        await trial.store(pending);
        const before = line().sent;
        const error = await trial.outcome('setSecret');
        const advice = `setSecret must refuse an AWSPENDING with another "${field}"`;
        assert.ok(line().sent === before, `${advice} before it connects`);
        assert.ok(error !== undefined || [...rotates, ...mayRotate].includes(field), advice);
      }
    }),
  ];
}

/** The time of a step whose service does not answer. */
const TOO_SHORT_MS = 400;
/** The steps that cannot go on without an answer. */
const ASKING: readonly Step[] = ['setSecret', 'testSecret'];

function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return typeof value === 'string' ? `${value}-elsewhere` : 'elsewhere';
}

function isRejection(error: unknown): boolean {
  return isRotationError(error) && error.code === 'ERR_CREDENTIAL_REJECTED';
}
