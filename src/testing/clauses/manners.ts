import assert from 'node:assert/strict';
import { STEPS } from '../../step.js';
import { type Clause, clause, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

/** What a rotator does with what is not its own. */
export function manners(stand: Stand): Clause[] {
  return [
    clause('changes nothing of what it is given', async () => {
      const trial = await Trial.begin(stand);
      for (const step of STEPS) if (await trial.outcome(step)) break;
      const [changed] = trial.watch.changed;
      assert.ok(changed === undefined, `a rotator must make new objects, and not change ${changed}`);
    }),
  ];
}
