import { randomUUID } from 'node:crypto';
import { type Rotator, stringField } from '../../src/index.js';
import { memoryLine, rotatorContract } from '../../src/testing/index.js';
import { codeOf, examplesIn } from '../support/examples.js';

const vault = { pin: 'first-pin-1' };
const line = memoryLine();

const pins = (): Rotator<{ pin: string }, 'pin'> => ({
  name: 'pins',
  rotates: ['pin'],
  shows: [],
  parse: (json) => ({ pin: stringField(json, 'pin') }),
  createSecret: () => ({ pin: randomUUID() }),
  async setSecret({ current, pending }, { signal, confirm }) {
    if ((await confirm()) === 'current') return;
    const change = () => {
      if (vault.pin !== current.pin && vault.pin !== pending.pin)
        throw new Error('neither pin opens the vault');
      vault.pin = pending.pin;
    };
    await line.call(change, signal);
  },
  testSecret: ({ pin }, { signal }) => line.call(() => (vault.pin === pin ? 'accepted' : 'rejected'), signal),
});

const clauses = rotatorContract({
  rotator: pins,
  reset() {
    vault.pin = 'first-pin-1';
    return { ...vault };
  },
  accepts: ({ pin }) => vault.pin === pin,
  line: () => line,
});
for (const { name, run } of clauses) test(name, run);

test('the example of memoryLine() is what is run here', () => {
  const examples = examplesIn('src/testing/memory-line.ts');
  expect(examples).toHaveLength(1);
  for (const example of examples) expect(codeOf('test/readme/memory-line.test.ts')).toContain(example);
});
