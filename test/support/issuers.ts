import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DefineTest, describeInstalled } from './installed.js';

/** Their packages have their own folder, and are more than all others: npm ci --ignore-scripts --prefix test/issuers */
const FOLDER = join(__dirname, '../issuers');
const STARTS_WITHIN_MS = 60_000;

/** A server that issues keys, and that nobody here has written. */
interface Issuer {
  readonly name: string;
  /** A package of test/issuers. */
  readonly module: string;
}

/** Tests that need such a server. */
export function describeIssuer(
  { name, module }: Issuer,
  title: string,
  define: (test: DefineTest) => void,
): void {
  const isInstalled = existsSync(join(FOLDER, 'node_modules', module));
  describeInstalled({ name, isInstalled, variable: 'QUARTERTURN_ISSUERS' }, title, define);
}

export interface StartedIssuer {
  stop(): Promise<void>;
}

/**
 * Starts a file of test/issuers.
 *
 * @param health the URL that answers with a success as soon as the server is up
 * @throws Error if it does not start
 */
export async function startIssuer(
  [file, ...args]: readonly [file: string, ...args: string[]],
  health: string,
  env: Readonly<Record<string, string>> = {},
): Promise<StartedIssuer> {
  const options = { env: { ...env, NODE_NO_WARNINGS: '1' }, stdio: 'ignore' } as const;
  const child = spawn(process.execPath, [join(FOLDER, file), ...args], options);
  const stop = () => end(child);
  const endsAt = Date.now() + STARTS_WITHIN_MS;
  while (child.exitCode === null && Date.now() < endsAt) {
    if (await isUp(health)) return { stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`${file} did not start`);
}

function isUp(health: string): Promise<boolean> {
  return fetch(health).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
