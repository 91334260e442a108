import { readFileSync } from 'node:fs';
import type { InitInput } from './declaration.js';
import { KIND, type Kind } from './kinds.js';
import { type Names, namesOf, renamed } from './names.js';
import { RUNNER } from './runners.js';

/** The rotators and services to begin with: the package's own tests and its READMEs have the same. */
const TEMPLATES = new URL('../../../../../templates/', import.meta.url);

/** The files of a rotator's folder: their names, and what is in them. */
export function filesOf(name: string, { kind, test }: InitInput['options']): ReadonlyMap<string, string> {
  const chosen = pick(KIND, kind);
  const runner = pick(RUNNER, test);
  const [rotator = '', service = ''] = ['rotator', 'service'].map((file) => template(kind, file));
  const contract = contractTest(chosen, runner);
  const names = namesOf(name, [rotator, service, contract, MANIFEST], chosen.example);
  const sources = { 'rotator.ts': rotator, 'service.ts': service, 'contract.test.ts': contract };
  const texts = { ...sources, 'lambda.ts': MANIFEST.replaceAll('gate', chosen.example) };
  return new Map([
    ...Object.entries(texts).map(([file, text]) => [file, renamed(text, chosen.example, names)] as const),
    ['README.md', readme(chosen, names, runner.command(name))],
    // Whatever the project around it says, these are ES modules. A compiler may make CommonJS of them.
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

/** As it stands in a project that has installed this package. */
function template(kind: string, file: string): string {
  return readFileSync(new URL(`${kind}/${file}.ts`, TEMPLATES), 'utf8')
    .replaceAll("'../../src/index.js'", "'quarterturn'")
    .replaceAll(/'\.\.\/\.\.\/(?:src\/)?(testing|rotators\/[\w/-]+)\/index\.js'/g, "'quarterturn/$1'");
}

const MANIFEST = `import { defineLambda } from 'quarterturn';
import { gate } from './rotator.ts';

/** How it is deployed. Importing this does nothing. */
export const lambda = defineLambda({
  rotator: () => gate(),
  /** The environment variables that \`rotator\` is given. */
  environment: [],
  /** What the function may do besides rotating its secret, each right with a reason. */
  permissions: [],
  /** The packages that are loaded in the step that uses them, by loadDriver(). */
  drivers: [],
});
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true
  }
}
`;

function contractTest(
  { example, credential, hasKeys }: Kind,
  { imports, before, after, test }: (typeof RUNNER)['node'],
): string {
  const keys = `
  // Each rotation leaves two keys live, AWSCURRENT's and AWSPREVIOUS's.
  overlaps: true,
  credentials: () => service.count(),`;
  return `${imports}
import { rotatorContract } from 'quarterturn/testing';
import { ${example} } from './rotator.ts';
import { type Service, startService } from './service.ts';

let service: Service;
${before}(async () => {
  service = await startService();
});
${after}(() => service.stop());

const clauses = rotatorContract({
  rotator: ${example},
  reset: () => service.reset(),
  accepts: ({ ${credential} }) => service.accepts(${credential}),
  line: () => service.line,${hasKeys ? keys : ''}
});
for (const { name, run } of clauses) ${test};
`;
}

function readme({ example, fields }: Kind, names: Names, test: string): string {
  const { folder } = names;
  const rows = fields.map(({ name, about }) => `| \`${name}\` | ${about} |`);
  const secret = JSON.stringify(Object.fromEntries(fields.map(({ name, example }) => [name, example])));
  return `# ${folder}

A rotator for AWS Secrets Manager, made with [Quarterturn](https://www.npmjs.com/package/quarterturn). The secret is a JSON object:

\`\`\`json
${renamed(secret, example, names)}
\`\`\`

| Field | |
| --- | --- |
${rows.join('\n')}

What else the owner keeps in the secret stays as it is.

## Make it yours

1. \`service.ts\` is the service in memory. Have it do what yours does, the refusals too.
2. \`rotator.ts\` is the rotator. Change it until the contract test passes:

   \`\`\`sh
   ${test}
   \`\`\`

3. \`lambda.ts\` says how it is deployed: its environment variables, and what its function may do.

## Deploy it

\`\`\`sh
npx quarterturn bundle ${folder}/lambda.ts
npx quarterturn policy ${folder}/lambda.ts --terraform > ${folder}.tf
\`\`\`

The first makes \`dist/lambda/${folder}\`, which Lambda runs as it is; the second prints a whole deployment of it (\`--cdk\` for the CDK).

\`policy\`, \`local\`, \`test\`, \`doctor\` and \`run\` read \`lambda.ts\` with Node.js 22.18 and later. With an earlier one, give them what \`bundle\` has made: \`dist/lambda/${folder}/index.mjs\`.
`;
}
