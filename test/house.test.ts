import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  circles,
  crowded,
  picture,
  type Sources,
  sourcesOfTheHouse,
  terminals,
  uphill,
} from './support/house.js';

const house = sourcesOfTheHouse();

/** The house with one more line in a file, or with one more file. */
function planted(file: string, line: string): Sources {
  return new Map([...house, [file, `${line}\n${house.get(file) ?? ''}`]]);
}

test('no file imports another uphill', () => {
  expect(uphill(house)).toEqual([]);
});

test('no files import each other in a circle', () => {
  expect(circles(house)).toEqual([]);
});

test('only the command line knows the terminal', () => {
  expect(terminals(house).filter((line) => !line.startsWith('rotators/'))).toEqual([]);
});

test('no folder has more than 15 files, and src itself 8 at most', () => {
  expect(crowded(house, 15, 8)).toEqual([]);
});

test.each([
  ['src/errors.ts', './engine/event.js', 'src/engine/event.ts'],
  ['src/redact/redactor.ts', '../engine/log.js', 'src/engine/log.ts'],
  ['src/engine/steps.ts', '../keys/issued-key.js', 'src/keys/issued-key.ts'],
  ['src/engine/steps.ts', '../index.js', 'src/index.ts'],
  ['src/client/index.ts', '../engine/log.js', 'src/engine/log.ts'],
  ['src/testing/trial.ts', '../cli/main.js', 'src/cli/main.ts'],
  ['src/index.ts', './cli/main.js', 'src/cli/main.ts'],
  ['src/local/client.ts', '../../rotators/postgres/index.js', 'rotators/postgres/index.ts'],
  ['rotators/iam/index.ts', '../entra/index.js', 'rotators/entra/index.ts'],
  ['rotators/iam/index.ts', '../../src/errors.js', 'src/errors.ts'],
  ['rotators/databases/pairs.ts', '../postgres/secret.js', 'rotators/postgres/secret.ts'],
  ['src/somewhere/new.ts', '../errors.js', 'src/errors.ts'],
])('an import in %s of %s is found, with its line', (file, path, imported) => {
  const [found, ...rest] = uphill(planted(file, `import type { X } from '${path}';`));
  expect(found).toBe(`${file}:1 must not import ${imported}`);
  expect(rest).toEqual([]);
});

test('a circle is found, with the lines that make it, whatever imports it', () => {
  expect(circles(planted('src/step.ts', "import type { RotationErrorCode } from './errors.js';"))).toEqual([
    'src/errors.ts:1 imports src/step.ts, in a circle',
    'src/step.ts:1 imports src/errors.ts, in a circle',
  ]);
});

test('a circle through an import that waits until it is needed is one', () => {
  expect(circles(planted('src/step.ts', "const errors = await import('./errors.js');"))).toHaveLength(2);
});

test('a line for the terminal is found, with its number', () => {
  expect(terminals(planted('src/engine/steps.ts', 'process.stderr.write(message);'))).toContain(
    'src/engine/steps.ts:1 knows the terminal',
  );
});

test('a crowded folder is found', () => {
  const files = Array.from({ length: 16 }, (_, n) => [`src/new/file-${n}.ts`, ''] as const);
  expect(crowded(new Map(files), 15, 8)).toEqual(['src/new has 16 files']);
});

test('the picture in CONTRIBUTING.md is made from the imports', () => {
  const guide = readFileSync(join(__dirname, '../.github/CONTRIBUTING.md'), 'utf8');
  expect(guide).toContain(`\`\`\`mermaid\n${picture(house)}\`\`\`\n`);
  expect(picture(planted('src/redact/redactor.ts', "import '../keys/issued-key.js';"))).not.toBe(
    picture(house),
  );
});
