import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOT = join(__dirname, '../..');

/** A file of the source, by its path below the package's folder, with its text. */
export type Sources = ReadonlyMap<string, string>;

/** An import of one of our own files by another. */
interface Import {
  readonly from: string;
  readonly line: number;
  readonly to: string;
}

const GROUND = /^src\/(?:rotator|errors|step|json|password|permissions|lambda)\.ts$/;

/** Who may import whom: the first pattern that a file matches decides. Itself, and its own folder, a file may import anyway. */
const FLOORS: readonly (readonly [file: RegExp, mayImport: RegExp])[] = [
  [GROUND, GROUND],
  [/^src\/redact\//, GROUND],
  [/^src\/network\//, GROUND],
  [/^src\/engine\//, either(GROUND, 'src/redact/', 'src/network/')],
  [/^src\/keys\//, either(GROUND, 'src/engine/', 'src/network/')],
  [/^src\/client\//, GROUND],
  [/^src\/local\//, either(GROUND, 'src/engine/', 'src/redact/')],
  [/^src\/testing\//, either(GROUND, 'src/engine/', 'src/redact/', 'src/local/')],
  [/^src\/operate\//, either(GROUND, 'src/engine/', 'src/redact/', 'src/network/')],
  // As what is written by a user who has the package.
  [/^src\/cli\/init\/templates\//, /^(?:src|src\/testing|rotators\/api-key)\/index\.ts$/],
  [/^src\/cli\//, /^src\/(?!index\.ts)/],
  [/^src\/index\.ts$/, /^src\/(?!cli\/|local\/)/],
  [/^rotators\/databases\//, /^src\/index\.ts$/],
  [/^rotators\//, either(/^src\/index\.ts$/, 'rotators/databases/')],
];

/** Node's names for a terminal, and where they may stand: the metric's line on stdout is CloudWatch's, not a person's. */
const TERMINAL = /\bprocess\.(?:stdin|argv|std(?:out|err)\.write\()|\bconsole\./;
const KNOWS_THE_TERMINAL = /^src\/cli\/|^src\/engine\/log\.ts$/;

/** The TypeScript files of `src` and `rotators`. */
export function sourcesOfTheHouse(): Sources {
  const paths = ['src', 'rotators'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const files = paths.filter((path) => path.endsWith('.ts')).map((path) => path.replaceAll('\\', '/'));
  return new Map(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** Every import of one file of the house by another: of types too, and those that wait until they are needed. */
function importsIn(sources: Sources): readonly Import[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].flatMap(({ 1: path = '', index }) => {
      const to = normalize(join(dirname(from), path)).replace(/\.js$/, '.ts');
      return sources.has(to) ? [{ from, line: text.slice(0, index).split('\n').length, to }] : [];
    }),
  );
}

/** The imports that run uphill, as sentences with file and line. */
export function uphill(sources: Sources): readonly string[] {
  return importsIn(sources)
    .filter(({ from, to }) => !isAllowed(from, to))
    .map(({ from, line, to }) => `${from}:${line} must not import ${to}`);
}

/** The imports that close a circle: of a file that, by way of others, imports the one that imports it. */
export function circles(sources: Sources): readonly string[] {
  const imports = importsIn(sources);
  const next = new Map<string, readonly string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const reachable = (file: string): ReadonlySet<string> => {
    const reached = new Set([file]);
    for (const place of reached) for (const to of next.get(place) ?? []) reached.add(to);
    return reached;
  };
  return imports
    .filter(({ from, to }) => reachable(to).has(from))
    .map(({ from, line, to }) => `${from}:${line} imports ${to}, in a circle`);
}

/** Where a file outside of the command line writes to a terminal, or reads from one. */
export function terminals(sources: Sources): readonly string[] {
  return [...sources].flatMap(([file, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        TERMINAL.test(line) && !/^\s*(?:\*|\/\/)/.test(line) && !KNOWS_THE_TERMINAL.test(file)
          ? [`${file}:${index + 1} knows the terminal`]
          : [],
      ),
  );
}

/** The folders with more files than a reader takes in at once. */
export function crowded(sources: Sources, most: number, mostOnTop: number): readonly string[] {
  const counts = new Map<string, number>();
  for (const file of sources.keys()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  return [...counts]
    .filter(([folder, count]) => count > (folder === 'src' ? mostOnTop : most))
    .map(([folder, count]) => `${folder} has ${count} files`);
}

function isAllowed(from: string, to: string): boolean {
  const [file, mayImport] = FLOORS.find(([pattern]) => pattern.test(from)) ?? [];
  if (!file || !mayImport) return false;
  return mayImport.test(to) || roomOf(from) === roomOf(to);
}

/** `src/local`, `rotators/postgres`: the folder below `src` or `rotators`, with all in it. A file on top is a room. */
function roomOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function either(...what: readonly (RegExp | string)[]): RegExp {
  const sources = what.map((pattern) => (typeof pattern === 'string' ? `^${pattern}` : pattern.source));
  return new RegExp(sources.join('|'));
}

/** The rooms and who imports whom, as a Mermaid diagram. What is reached by way of another room has no arrow. */
export function picture(sources: Sources): string {
  const uses = new Map<string, Set<string>>();
  for (const { from, to } of importsIn(sources)) {
    const [room, other] = [roomInPicture(from), roomInPicture(to)];
    if (room === undefined || other === undefined || room === other) continue;
    uses.set(room, (uses.get(room) ?? new Set()).add(other));
  }
  const reached = (room: string): ReadonlySet<string> => {
    const all = new Set<string>();
    const visit = (next: string) => {
      for (const to of uses.get(next) ?? []) {
        if (all.has(to)) continue;
        all.add(to);
        visit(to);
      }
    };
    visit(room);
    return all;
  };
  const arrows = [...uses].flatMap(([room, others]) =>
    [...others]
      .filter((other) => ![...others].some((by) => by !== other && reached(by).has(other)))
      .map((other) => `  ${room} --> ${other}`),
  );
  return ['flowchart TD', ...arrows.sort(), ''].join('\n');
}

/** Files on top of `src` are one room, the ground; the public `index.ts` is no room, but what rotators see. */
function roomInPicture(path: string): string | undefined {
  if (path.startsWith('src/cli/init/templates/')) return undefined;
  if (GROUND.test(path)) return 'ground';
  if (path === 'src/index.ts') return 'index';
  const [top = '', room = ''] = path.split('/');
  return top === 'rotators' ? (room === 'databases' ? 'databases' : 'rotators') : room;
}
