import { readFileSync } from 'node:fs';
import type { InitInput } from './declaration.js';
import { KIND } from './kinds.js';
import { namesOf, renamed } from './names.js';
import { RUNNER } from './runners.js';
import { contractTest, MANIFEST, readme, rehearsalOf, TSCONFIG } from './texts.js';

/** The templates of rotators and services: the package's own tests and READMEs use the same files. */
const TEMPLATES = new URL('../../../../../src/cli/init/templates/', import.meta.url);

/** Returns the files of a rotator's folder, by name. */
export function filesOf(name: string, { kind, test }: InitInput['options']): ReadonlyMap<string, string> {
  const chosen = pick(KIND, kind);
  const runner = pick(RUNNER, test);
  const [rotator = '', service = ''] = ['rotator', 'service'].map((file) => template(kind, file));
  const contract = contractTest(chosen, runner);
  const rehearsal = rehearsalOf(chosen);
  const names = namesOf(name, [rotator, service, contract, rehearsal, MANIFEST], chosen.example);
  const sources = {
    'rotator.ts': rotator,
    'service.ts': service,
    'contract.test.ts': contract,
    'rehearsal.ts': rehearsal,
  };
  const texts = { ...sources, 'lambda.ts': MANIFEST.replaceAll('gate', chosen.example) };
  return new Map([
    ...Object.entries(texts).map(([file, text]) => [file, renamed(text, chosen.example, names)] as const),
    ['README.md', readme(chosen, names, runner.command(name))],
    // These files are ES modules, whatever the project around them says. A compiler may turn them into CommonJS.
    ['package.json', '{\n  "private": true,\n  "type": "module"\n}\n'],
    ['tsconfig.json', TSCONFIG],
    ...Object.entries(runner.files ?? {}),
  ]);
}

function pick<T>(of: Readonly<Record<string, T>>, name: string): T {
  const found = of[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** Reads a template, with the imports of a project that has this package installed. */
function template(kind: string, file: string): string {
  return readFileSync(new URL(`${kind}/${file}.ts`, TEMPLATES), 'utf8')
    .replaceAll(/'(?:\.\.\/)+index\.js'/g, "'quarterturn'")
    .replaceAll(/'(?:\.\.\/)+(testing|rotators\/[\w/-]+)\/index\.js'/g, "'quarterturn/$1'");
}
