import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const BUILD = join(__dirname, '../.build/bundle-entry.mjs');

const manifest = (rotator: string) => `import { administratorOfKeys, defineLambda } from 'quarterturn';
import { gate } from './gate.js';

/** Schließt – what is not ASCII counts more bytes than characters. */
const realm = 'north';

export const lambda = defineLambda({
  permissions: administratorOfKeys('some’s'),
  ${rotator}
  environment: ['A', 'B'],
  drivers: [],
});

export function later() {}
`;

const CASES = [
  manifest('rotator: () => gate({ realm }),'),
  manifest('rotator: ({ A, B }) => gate({ a: A, b: B }),'),
  manifest(`rotator: (environment: { readonly A?: string }) => {
    if (!environment.A) throw new TypeError('A');
    return gate(environment.A);
  },`),
  manifest('rotator: made,'),
  manifest('rotator() { return gate(); },'),
  manifest('rotator: () => gate(),').replace('export const lambda', 'export const other'),
  manifest('rotator: () => gate(),').replace('= defineLambda', '= lambdaOf'),
  manifest('rotator: () => gate(),').replace(', defineLambda }', ', defineLambda as define }'),
];

/** What the build makes of each, in one process: the build is made of modules, and these tests are not. */
const MADE: readonly string[] = JSON.parse(
  execFileSync(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { bundleEntry } from ${JSON.stringify(BUILD)};
    const made = JSON.parse(process.argv[1]).map((source) =>
      bundleEntry(source, 'gate/lambda.ts').catch(({ message }) => message));
    console.log(JSON.stringify(await Promise.all(made)));`,
    JSON.stringify(CASES),
  ]).toString(),
);

/** The lines that are left, without what was blanked. */
const lines = (text = '') => text.split('\n').filter((line) => line !== '');

test('of a manifest, the entry of a bundle has the rotator alone', () => {
  expect(lines(MADE[0])).toEqual([
    "import { administratorOfKeys, rotationHandler } from 'quarterturn';",
    "import { gate } from './gate.js';",
    '/** Schließt – what is not ASCII counts more bytes than characters. */',
    "const realm = 'north';",
    'export const handler = rotationHandler((',
    '() => gate({ realm }))());',
    'export function later() {}',
  ]);
});

test('the rotator is made of the environment variables of the process', () => {
  expect(MADE[1]).toContain('({ A, B }) => gate({ a: A, b: B }))(process.env));');
  expect(MADE[2]).toContain('    return gate(environment.A);\n  })(process.env));');
  expect(MADE[3]).toContain('made)(process.env));');
});

test('each line stays where it was, so that a source map leads to it', () => {
  for (const at of [0, 1, 2, 3]) {
    const [before, after] = [CASES[at]!.split('\n'), MADE[at]!.split('\n')];
    expect(after).toHaveLength(before.length);
    const line = before.findIndex((text) => text.includes('gate('));
    if (line >= 0) expect(after[line]).toContain('gate(');
  }
});

test.each([4, 5, 6, 7])('a file that it cannot read is named (%#)', (at) => {
  expect(MADE[at]).toBe(
    'gate/lambda.ts must export lambda = defineLambda({ rotator: … }), with defineLambda imported',
  );
});
