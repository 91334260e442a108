import assert from 'node:assert/strict';
import { STEPS } from '../../step.js';
import { tcpOf } from '../line.js';
import { comesTrue } from '../moments.js';
import { type Clause, clause, type Stand } from '../subject.js';
import { Trial } from '../trial.js';
import { strayPlaces } from '../visits.js';

/** The time of a step that gets no answer: it may try again until the end of it. */
const SHORT_MS = 1000;

/** How a rotator treats what belongs to others. */
export function manners(stand: Stand): Clause[] {
  const { line } = stand;
  const { sessions = () => tcpOf(line())?.sessions ?? 0 } = stand;

  /** Runs the steps up to the first that fails, and counts the sessions after each. */
  async function leavesNone(trial: Trial): Promise<void> {
    for (const step of STEPS) {
      const before = await sessions();
      const error = await trial.outcome(step);
      const isOver = await comesTrue(async () => (await sessions()) <= before);
      assert.ok(
        isOver,
        `${step} must log out, or close the connections that it opened, ${error ? 'when it fails, too' : 'before it returns'}: Lambda ` +
          'freezes the function then, and the service keeps the session',
      );
      if (error) return;
    }
  }

  return [
    clause('changes nothing of what it is given', async () => {
      const trial = await Trial.begin(stand);
      for (const step of STEPS) if (await trial.outcome(step)) break;
      const [changed] = trial.watch.changed;
      assert.ok(changed === undefined, `a rotator must make new objects, and not change ${changed}`);
    }),

    clause('is logged in nowhere once a step has ended', async () => {
      const trial = await Trial.begin(stand);
      await leavesNone(trial);
      await trial.rotate();
      await leavesNone(trial);
      await leavesNone(await Trial.begin(stand, { current: stand.refused }));
      for (let call = 1, isHit = true; isHit; call++) {
        const failing = await Trial.begin(stand);
        const ordered = failing.secrets.inject({ kind: 'throttle', call });
        await leavesNone(failing);
        isHit = ordered.hits > 0;
      }
    }),

    clause('talks to no place that neither the secret nor a declaration names', async () => {
      await (await Trial.begin(stand)).rotateFirst();
      const refused = await Trial.begin(stand, { current: stand.refused });
      for (const step of STEPS) if (await refused.outcome(step)) break;
      const unanswered = await Trial.begin(stand);
      await unanswered.upTo('setSecret');
      line().cut();
      for (const step of ['setSecret', 'testSecret'] as const) await unanswered.outcome(step, SHORT_MS);
      const ways = tcpOf(line())?.ports.map((port) => `localhost:${port}`) ?? [];
      const [place] = strayPlaces(stand.visits, [...ways, ...(stand.places ?? [])]);
      assert.ok(
        place === undefined,
        `the rotator connected to ${place}, which no secret names: connect only to the places that AWSPENDING or an administrator’s ` +
          'secret names (if its code or an option rightly leads there, declare it in `places`)',
      );
    }),
  ];
}
