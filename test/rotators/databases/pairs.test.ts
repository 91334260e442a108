import { pairFinder } from '../../../rotators/databases/pairs.js';

const MYSQL = { suffix: '_clone', most: 32, unit: 'characters' } as const;

test('a name may have as many characters as the engine takes, whatever they are in bytes', () => {
  const name = 'é'.repeat(26);
  expect(pairFinder({}, MYSQL)(name)).toEqual({
    original: name,
    clone: `${name}_clone`,
    other: `${name}_clone`,
  });
});

test('a name whose clone has more is refused, unless the pairs name another', () => {
  const name = 'a'.repeat(27);
  expect(() => pairFinder({}, MYSQL)(name)).toThrow(
    expect.objectContaining({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining('more than 32 characters'),
    }),
  );
  expect(pairFinder({ [name]: 'a_clone' }, MYSQL)(name).other).toBe('a_clone');
  expect(() => pairFinder({ [name]: 'a'.repeat(33) }, MYSQL)).toThrow(TypeError);
});

test('the suffix is the engine’s', () => {
  const pairOf = pairFinder({}, { suffix: '_CLONE', most: 30, unit: 'bytes' });
  expect(pairOf('APP_CLONE').other).toBe('APP');
  expect(pairOf('app_clone').other).toBe('app_clone_CLONE');
});
