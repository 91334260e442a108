import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gate } from '../src/cli/init/templates/password/rotator.js';
import { type Service, startService } from '../src/cli/init/templates/password/service.js';
import { rotatorContract } from '../src/testing/index.js';
import { loseAnAnswer } from './readme/local.js';
import { readmeGaps } from './support/readme-gaps.js';
import { rotatorsIn } from './support/rotators.js';

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');

test("the guide's rotator is the one that is tested here", () => {
  const code = read('src/cli/init/templates/password/rotator.ts').replaceAll(
    "'../../../../index.js'",
    "'quarterturn'",
  );
  expect(read('docs/rotators.md')).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.split('\n').length).toBeLessThanOrEqual(40);
});

describe('the page of errors', () => {
  const sections = read('docs/errors.md').split(/^### /m).slice(1);

  test('has a section for each error code, and for no other', () => {
    const codes = new Set(read('src/errors.ts').match(/ERR_[A-Z_0-9]+/g));
    expect(new Set(sections.map((section) => section.split('\n')[0]))).toEqual(codes);
  });

  test.each(sections.map((section) => [section.split('\n')[0], section]))(
    'says of %s what happened, and what to do',
    (_, section) => {
      expect(section).toMatch(
        /^ERR_\w+\n\n[A-Z][\s\S]+?\n\n(?:- \*\*See it:\*\* .*\n(?: {2}.*\n)*)?- \*\*Do:\*\* /,
      );
    },
  );
});

test('the gaps in the README are those that the benchmark has measured', () => {
  const [, table = ''] = /### Gaps\n([\s\S]*?)###/.exec(read('test/bench/README.md')) ?? [];
  const measured = [...table.matchAll(/^\| (\w+\(\w*\)) +\| +(\w+) \|$/gm)];
  expect(measured.map(([, name]) => name)).toEqual([
    'postgres()',
    'alternatingUsers()',
    'apiKey(spec)',
    'serviceToken()',
  ]);
  for (const [, name = '', gap = ''] of measured) {
    const row =
      read('README.md')
        .split('\n')
        .find((line) => line.startsWith(`| [\`${name}\``)) ?? '';
    expect(row).toContain(gap === 'none' ? 'none' : `| ${gap} ms |`);
  }
});

describe('the rotators that can be deployed', () => {
  const readIfThere = (path: string) => (existsSync(join(__dirname, '..', path)) ? read(path) : undefined);
  const rotators = rotatorsIn();

  test('have each a row in the README, or in that of their family, and no other has one', () => {
    expect(readmeGaps(rotators, readIfThere)).toEqual([]);
  });

  test('are missed if they have none, and rows if they have no rotator', () => {
    const [others, added] = [rotators.filter((name) => name !== 'iam/ses-smtp'), ['redis/acl-users', 'gate']];
    expect(readmeGaps([...others, ...added], readIfThere)).toEqual([
      'README.md has no row for aclUsers() of rotators/redis/acl-users',
      'README.md has no row for gate() of rotators/gate',
      'README.md has a row for sesSmtp(), and no lambda.ts makes it',
    ]);
  });

  test('may have their row in the README of their family', () => {
    const withFamily = (path: string) =>
      path === 'rotators/redis/README.md'
        ? '| Rotator | |\n| --- | --- |\n| [`aclUsers()`](#acl) | |\n'
        : readIfThere(path);
    expect(readmeGaps([...rotators, 'redis/acl-users'], withFamily)).toEqual([]);
  });
});

test('what CONTRIBUTING.md has people run and read is there', () => {
  const guide = read('.github/CONTRIBUTING.md');
  const { scripts } = JSON.parse(read('package.json'));
  for (const [, script] of guide.matchAll(/`npm run ([\w:-]+)/g)) expect(scripts).toHaveProperty(script!);
  const paths = [...guide.matchAll(/(?<=[` ])((?:\.ci|test)\/[\w./-]+|[A-Z]+\.md|template\.yaml)/g)];
  expect(paths.length).toBeGreaterThan(5);
  for (const [, path] of paths) expect(existsSync(join(__dirname, '..', path!))).toBe(true);
});

test('docs/local.md has the code that is run here, and its links lead to files', async () => {
  const guide = read('docs/local.md');
  const code = read('test/readme/local.ts')
    .replace("'../../src/cli/init/templates/password/rotator.js'", "'./gate.js'")
    .replace("'../../src/testing/index.js'", "'quarterturn/testing'");
  expect(guide).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  for (const [, path] of guide.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(() => read(join('docs', path!))).not.toThrow();
  }
  expect(await loseAnAnswer(service.reset())).toEqual({
    hits: 1,
    outcomes: ['failed', 'succeeded', 'succeeded'],
    events: [
      'RotationStarted',
      'RotationFailed',
      'RotationSucceeded',
      'RotationStarted',
      'RotationSucceeded',
    ],
  });
});

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

test.each(
  rotatorContract({
    rotator: gate,
    reset: () => service.reset(),
    accepts: ({ password }) => service.accepts(password),
    line: () => service.line,
  }),
)("the guide's rotator $name", ({ run }) => run());
