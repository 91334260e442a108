import type { RUNNERS } from './declaration.js';

/** How a test runner is used, where runners differ. */
export interface Runner {
  readonly imports: string;
  readonly before: string;
  readonly after: string;
  /** One clause as a test. */
  readonly test: string;
  /** What npm installs for it. */
  readonly packages: readonly string[];
  /** The command that runs the test of a folder. */
  command(folder: string): string;
  readonly files?: Readonly<Record<string, string>>;
}

const JEST_CONFIG = `/** Jest takes the types out of TypeScript with SWC. */
export default {
  testEnvironment: 'node',
  transform: { '\\\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
};
`;

export const RUNNER: Readonly<Record<(typeof RUNNERS)[number], Runner>> = {
  node: {
    imports: "import { after, before, test } from 'node:test';",
    before: 'before',
    after: 'after',
    test: 'test(name, { timeout: 60_000 }, run)',
    packages: [],
    command: nodeCommand,
  },
  jest: {
    imports: "import { afterAll, beforeAll, test } from '@jest/globals';",
    before: 'beforeAll',
    after: 'afterAll',
    test: 'test(name, run, 60_000)',
    packages: ['jest', '@jest/globals', '@swc/core', '@swc/jest'],
    command: (folder) => `npx jest --config ${folder}/jest.config.mjs`,
    files: { 'jest.config.mjs': JEST_CONFIG },
  },
  vitest: {
    imports: "import { afterAll, beforeAll, test } from 'vitest';",
    before: 'beforeAll',
    after: 'afterAll',
    test: 'test(name, run, 60_000)',
    packages: ['vitest'],
    command: (folder) => `npx vitest run ${folder}`,
  },
};

/** Node.js 22.18 and later takes types out itself; for one that does not, esbuild does. */
function nodeCommand(folder: string): string {
  if ('typescript' in process.features && process.features.typescript) {
    return `node --test ${folder}/contract.test.ts`;
  }
  const compiled = `${folder}/contract.test.mjs`;
  return (
    `npx esbuild ${folder}/contract.test.ts --bundle --packages=external --platform=node --format=esm ` +
    `--outfile=${compiled} && node --test ${compiled}`
  );
}
