import assert from 'node:assert/strict';
import { STEPS } from '../../step.js';
import { type Clause, clause, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

/** What a rotation does when nothing goes wrong. */
export function rotations(stand: Stand): Clause[] {
  const { accepts, credentials, line, reset, wrong } = stand;
  const begin = () => Trial.begin(stand);
  return [
    clause('is tried on a service that tells right from wrong', async () => {
      const secret = await reset();
      assert.ok(await accepts(secret), 'accepts() must return true for the secret that reset() returns');
      const isTaken = await accepts(wrong(secret));
      assert.ok(!isTaken, 'accepts() must return false for a credential that nobody has set');
      const count = (await credentials?.()) ?? 1;
      assert.ok(count === 1 || count === 2, `credentials() must return 1 or 2 after reset(), not ${count}`);
    }),

    clause('leaves the service accepting AWSCURRENT', async () => {
      const trial = await begin();
      const before = line().sent;
      await trial.steps(STEPS);
      await trial.assertRotated();
      assert.ok(
        line().sent > before,
        'no message went over line(): the secret that reset() returns must name line.host and line.port, not the service’s own ' +
          '(with memoryLine(), the rotator must call the service by line.call())',
      );
    }),

    clause('rotates again and again', async () => {
      const trial = await begin();
      for (let rotation = 1; rotation <= 3; rotation++) {
        if (rotation > 1) await trial.rotate();
        await trial.run(
          `rotation ${rotation} must succeed in the container that did the rotations before it`,
        );
        await trial.assertRotated(`rotation ${rotation}`);
      }
    }),

    clause('takes each step in a new container', async () => {
      const trial = await begin();
      for (const step of STEPS) {
        trial.restart();
        await trial.steps(
          [step],
          `${step} must work in a new container: use only its arguments, and keep nothing from one step for the next`,
        );
      }
      await trial.assertRotated();
    }),

    clause('does not break AWSCURRENT before setSecret', async () => {
      const trial = await begin();
      await trial.steps(['createSecret']);
      const isAccepted = await accepts(await trial.value('AWSCURRENT'));
      assert.ok(isAccepted, 'createSecret must leave AWSCURRENT working: the new value is not stored yet');
    }),

    ...(stand.overlaps
      ? [
          clause(
            'keeps AWSCURRENT working at every moment, and AWSPREVIOUS until the next rotation',
            async () => {
              const trial = await begin();
              for (const step of STEPS) {
                await trial.steps([step]);
                const isOpen = await accepts(await trial.value('AWSCURRENT'));
                assert.ok(isOpen, `${step} must leave AWSCURRENT working`);
              }
              const isOpen = await accepts(await trial.value('AWSPREVIOUS'));
              assert.ok(
                isOpen,
                'finishSecret must leave the old AWSCURRENT working, which becomes AWSPREVIOUS: retire only what previous() holds',
              );
            },
          ),

          clause(
            'has the service refuse what it has retired, unless it declares when that ends',
            async () => {
              const { ends = 'at-once' } = stand.declared();
              const trial = await begin();
              const first = await trial.value('AWSCURRENT');
              await trial.run('a first rotation must succeed');
              let isOver = ends !== 'at-once';
              // A secret that holds the token of the next rotation, too, is taken for one rotation longer.
              for (let rotation = 2; rotation <= 3 && !isOver; rotation++) {
                await trial.rotate();
                await trial.run(`rotation ${rotation}, which retires AWSPREVIOUS, must succeed`);
                isOver = !(await accepts(first));
              }
              assert.ok(
                isOver,
                'the service still accepts a credential that has lost its last label: finishSecret must end it, and see it refused (if the ' +
                  'service ends it later, declare `ends` in the rotator)',
              );
            },
          ),
        ]
      : []),

    clause('keeps the fields that it does not know', async () => {
      const trial = await Trial.begin(stand, { current: (secret) => ({ ...secret, 'x-owner': 'team-a' }) });
      const advice = 'parse must accept a secret in which the owner keeps other fields, such as "x-owner"';
      await trial.steps(STEPS, advice);
      const { 'x-owner': owner } = await trial.value('AWSCURRENT');
      assert.ok(owner === 'team-a', advice);
    }),

    clause('needs no AWSPREVIOUS, and ignores an unusable one', async () => {
      for (const previous of ['not JSON', '{}', JSON.stringify(wrong(await reset()))]) {
        const trial = await Trial.begin(stand, { previous });
        await trial.steps(
          STEPS,
          'no step may fail because AWSPREVIOUS is unusable: previous() may return undefined, or a value that the service refuses',
        );
        await trial.assertRotated('a rotation with an unusable AWSPREVIOUS');
      }
    }),
  ];
}
