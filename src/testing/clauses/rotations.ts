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
      assert.ok(await accepts(secret), 'accepts() must be true for what reset() returns');
      const isTaken = await accepts(wrong(secret));
      assert.ok(!isTaken, 'accepts() must be false for what nobody has set');
      const count = (await credentials?.()) ?? 1;
      assert.ok(count === 1 || count === 2, `credentials() must be 1 or 2 after reset(), not ${count}`);
    }),

    clause('leaves the service accepting AWSCURRENT', async () => {
      const trial = await begin();
      const before = line().sent;
      await trial.steps(STEPS);
      await trial.assertRotated();
      assert.ok(line().sent > before, 'the secret of reset() must lead to the service over line()');
    }),

    clause('rotates again and again', async () => {
      const trial = await begin();
      for (let rotation = 1; rotation <= 3; rotation++) {
        if (rotation > 1) await trial.rotate();
        await trial.run(`rotation ${rotation} must succeed, in the container that has done those before`);
        await trial.assertRotated(`rotation ${rotation}`);
      }
    }),

    clause('takes each step in a container of its own', async () => {
      const trial = await begin();
      for (const step of STEPS) {
        trial.restart();
        await trial.steps(
          [step],
          `${step} must need nothing but what it is given, and keep nothing for later`,
        );
      }
      await trial.assertRotated();
    }),

    clause('does not break AWSCURRENT before setSecret', async () => {
      const trial = await begin();
      await trial.steps(['createSecret']);
      const isAccepted = await accepts(await trial.value('AWSCURRENT'));
      assert.ok(isAccepted, 'createSecret must leave AWSCURRENT working: the new value is not even stored');
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
                'finishSecret must leave what was AWSCURRENT working: it retires what previous() holds',
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
                'finishSecret must end what loses its last label, and try it: if the service ends it later, declare `ends`',
              );
            },
          ),
        ]
      : []),

    clause('keeps the fields that it does not know', async () => {
      const trial = await Trial.begin(stand, { current: (secret) => ({ ...secret, 'x-owner': 'team-a' }) });
      const advice = 'parse must take a secret with fields of its owner, such as "x-owner"';
      await trial.steps(STEPS, advice);
      const { 'x-owner': owner } = await trial.value('AWSCURRENT');
      assert.ok(owner === 'team-a', advice);
    }),

    clause('needs no AWSPREVIOUS, and takes none that is no use', async () => {
      for (const previous of ['not JSON', '{}', JSON.stringify(wrong(await reset()))]) {
        const trial = await Trial.begin(stand, { previous });
        await trial.steps(STEPS, `no step may fail for an AWSPREVIOUS that is no use`);
        await trial.assertRotated('a rotation with an AWSPREVIOUS that is no use');
      }
    }),
  ];
}
