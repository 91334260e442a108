// Whether tests are to be as thorough as they can, which is one switch: THOROUGH=1
const isThorough = process.env.THOROUGH === '1';

export default {
  rootDir: '..',
  // The sources, so that --watch and --changedSince see whom a change in them concerns.
  roots: ['<rootDir>/test', '<rootDir>/src', '<rootDir>/rotators'],
  dependencyExtractor: '<rootDir>/test/support/dependencies.mjs',
  modulePathIgnorePatterns: ['<rootDir>/test/(?:issuers|words)/'],
  testMatch: ['**/*.test.ts', ...(isThorough ? ['**/*.thorough.ts'] : [])],
  testEnvironment: 'node',
  maxWorkers: 3,
  workerIdleMemoryLimit: '300MB',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/canary.ts'],
  // Of tests that start nothing: support/timeouts.ts has the others'.
  testTimeout: 30_000,
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
      },
    ],
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', 'rotators/**/*.ts'],
};
