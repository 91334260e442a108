import type { RUNNERS } from './declaration.js';

/** The differences between test runners. */
export interface Runner {
  readonly imports: string;
  readonly before: string;
  readonly after: string;
  /** One clause as a test. */
  readonly test: string;
  /** The packages that it needs. */
  readonly packages: readonly string[];
  /** Returns the command that runs a folder's test. */
  command(folder: string): string;
  readonly files?: Readonly<Record<string, string>>;
}

const JEST_CONFIG = `/** SWC strips the types from TypeScript for Jest. */
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

/** Node.js 22.18 and later strips types itself; for an earlier one, esbuild does. */
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
