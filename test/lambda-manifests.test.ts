import { iam } from '../rotators/iam/index.js';
import { defineLambda } from '../src/index.js';
import { SPEC } from './support/desk-provider.js';
import { manifestOf, rotatorsIn } from './support/rotators.js';

/** With an environment that tells which of its variables were read while a rotator was made. */
function readBy(rotator: string): readonly string[] {
  const read = new Set<string>();
  const environment: NodeJS.ProcessEnv = new Proxy(
    { API_KEY_SPEC: SPEC },
    {
      get(target, name) {
        read.add(String(name));
        return Reflect.get(target, name);
      },
    },
  );
  const replaced = jest.replaceProperty(process, 'env', environment);
  try {
    manifestOf(rotator).rotator(environment);
  } finally {
    replaced.restore();
  }
  return [...read].sort();
}

test.each(rotatorsIn())('the manifest of %s makes nothing before it is asked to', (rotator) => {
  expect(process.env).not.toHaveProperty('API_KEY_SPEC');
  expect(manifestOf(rotator)).toMatchObject({ rotator: expect.any(Function) });
});

test.each(rotatorsIn())('%s reads the variables that its manifest names, and no others', (rotator) => {
  const { environment } = manifestOf(rotator);
  // They take what logins read, and RDS changes the password, whatever stands before the server.
  const unused = rotator.endsWith('/rds-instance') ? ['POOLER_ASKS_SERVER'] : [];
  expect(readBy(rotator)).toEqual([...environment, ...unused].sort());
});

test('what a manifest says is what it was given', () => {
  const manifest = { rotator: () => iam(), environment: [], permissions: [], drivers: [] };
  expect(defineLambda(manifest)).toBe(manifest);
});

test('a variable that a manifest does not name cannot be read: it is not compiled', () => {
  defineLambda({
    // @ts-expect-error: OWNS_ALL_KEYS is not in the environment.
    rotator: ({ OWNS_ALL_KEYS }) => iam({ ownsEveryKey: OWNS_ALL_KEYS === 'true' }),
    environment: ['OWNS_EVERY_KEY'],
    permissions: [],
    drivers: [],
  });
});
