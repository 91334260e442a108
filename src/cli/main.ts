#!/usr/bin/env node
import { isRotationError } from '../errors.js';
import { readPackage } from './package.js';
import { UsageError } from './usage-error.js';

const HELP = `quarterturn: secret rotation for AWS Secrets Manager

usage: quarterturn <command> [options]

  local        a Secrets Manager on this machine, for any client, with your rotation functions
  policy       the least that a rotation function must be allowed, and how it is deployed
  rehearse     rotate a real credential, on this machine alone, and show each step
  --help       this text; after a command, its own
  --version    the version
`;

/** Runs a command, and loads no other; resolves to the exit code. */
async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'rehearse':
      return (await import('./rehearse/rehearse.js')).rehearse(args);
    case 'local':
      return (await import('./local/local.js')).local(args);
    case 'policy':
      return (await import('./policy/policy.js')).policy(args);
    case '--version':
      process.stdout.write(`${readPackage().version}\n`);
      return 0;
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(HELP);
      return 0;
    default:
      throw new UsageError(`there is no command ${JSON.stringify(command)}; quarterturn --help lists them`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : 'failed';
  process.stderr.write(`quarterturn: ${message}\n`);
  if (isRotationError(error) && error.hint) process.stderr.write(`hint: ${error.hint}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
