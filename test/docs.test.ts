import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseCommandLine } from '../src/cli/command.js';
import { declarations } from '../src/cli/commands.js';

const ROOT = join(__dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '');

/** The text without its code. */
const prose = (path: string) => read(path).replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** Where its links point: `docs/deploy.md#with-sam`. Those to other sites are left out. */
function linksIn(page: string): readonly string[] {
  const text = prose(page).replace(/`[^`\n]*`/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return links
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link))
    .map((link) => (link.startsWith('#') ? `${page}${link}` : normalize(join(dirname(page), link))));
}

function anchorsIn(page: string): readonly string[] {
  return (prose(page).match(/^#+ .+$/gm) ?? []).map((title) =>
    title
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('each link of %s points to a file, and to a section that is there', (page) => {
  const broken = linksIn(page).filter((link) => {
    const [path = '', section] = link.split('#');
    if (!existsSync(join(ROOT, path))) return true;
    return section !== undefined && path.endsWith('.md') && !anchorsIn(path).includes(section);
  });
  expect(broken).toEqual([]);
});

test.each(pages)('each link by name in %s has an address, and each address is used', (page) => {
  const text = prose(page).replace(/`([^`\n]*)`/g, '$1');
  const named = new Set([...text.matchAll(/\]\[([\w-]+)\]/g)].map(([, name]) => name));
  const given = new Set([...text.matchAll(/^\[([\w-]+)\]: /gm)].map(([, name]) => name));
  expect(named).toEqual(given);
});

test('the README has 1,800 words at most', () => {
  expect(read('README.md').split(/\s+/).length).toBeLessThanOrEqual(1800);
});

test.each(pages.filter((page) => /^(?:README\.md$|docs\/|\.github\/)/.test(page)))(
  'no line of %s has more than 120 characters',
  (page) => {
    const long = read(page)
      .split('\n')
      .flatMap((line, index) => (line.length > 120 ? [`${index + 1}: ${line.length}`] : []));
    expect(long).toEqual([]);
  },
);

test('one click takes a reader from the README to every page of docs', () => {
  const linked = new Set(linksIn('README.md').map((link) => link.split('#')[0]));
  const docs = pages.filter((page) => page.startsWith('docs/'));
  expect(docs.filter((page) => !linked.has(page))).toEqual([]);
});

describe('what the pages have people run', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const lines = pages.flatMap((page) =>
    [...read(page).matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].flatMap(([, language = '', code = '']) =>
      (/^(?:sh|bash|console)?$/.test(language) ? code : '')
        .replace(/ \\\n\s*/g, ' ')
        .split('\n')
        .map((line) => [page, line.trim()] as const),
    ),
  );

  test('names scripts that package.json has', () => {
    const runs = lines.flatMap(([, line]) => [...line.matchAll(/npm run (?:--silent )?([\w:-]+)/g)]);
    expect(runs.length).toBeGreaterThan(5);
    expect(runs.map(([, script = '']) => script).filter((script) => !(script in scripts))).toEqual([]);
  });

  test('is a command of quarterturn, with options that it has', () => {
    const commands = lines.flatMap(([page, line]) => {
      const [, command = ''] =
        /^(?:\$ )?(?:npx )?quarterturn ((?:[^#|>;&]|&(?!&))+)/.exec(asCommand(line)) ?? [];
      return command === '' ? [] : [[page, command.trim()] as const];
    });
    expect(commands.length).toBeGreaterThan(12);
    const wrong = commands.flatMap(([page, command]) => {
      const [name = '', ...words] = command.match(/'[^']*'|"[^"]*"|<[^>]*>|\S+/g) ?? [];
      if (name.startsWith('--')) return [];
      const declaration = declarations().find((each) => each.name === name);
      if (declaration === undefined) return [`${page}: ${command}`];
      try {
        parseCommandLine(declaration, words);
        return [];
      } catch (error) {
        return [`${page}: ${command}: ${(error as Error).message}`];
      }
    });
    expect(wrong).toEqual([]);
  });
});

/** `npm run policy -- postgres`: `quarterturn policy postgres`, in a clone. */
function asCommand(line: string): string {
  return line.replace(/^npm run (?:--silent )?(policy|local|rehearse)(?: --)?/, 'quarterturn $1');
}
