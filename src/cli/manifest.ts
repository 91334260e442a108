import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaManifest } from '../lambda.js';
import { assertManifest, type Exports, whyNotLoaded } from './manifest-checks.js';
import { rotatorFile, rotatorsWith } from './rotators.js';
import { UsageError } from './usage-error.js';

/** A manifest, and where it comes from. */
export interface LoadedManifest {
  /** `postgres`; for a rotator that is not ours, the name of its folder. */
  readonly rotator: string;
  readonly manifest: LambdaManifest;
  /** Whether it comes with this package. */
  readonly isOurs: boolean;
}

/**
 * Loads the manifest of one of our rotators by its name, or of any other by the path of its file.
 *
 * @throws UsageError
 */
export async function loadManifest(what: string): Promise<LoadedManifest> {
  const names = rotatorsWith('lambda.js');
  if (names.includes(what)) {
    const { lambda }: Exports = await import(rotatorFile(what, 'lambda.js').href);
    assertManifest(lambda);
    return { rotator: what, manifest: lambda, isOurs: true };
  }
  if (!isPath(what)) {
    throw new UsageError(
      `there is no rotator ${JSON.stringify(what)}; choose from ${names.join(', ')}, or give the path of your own`,
    );
  }
  const path = resolve(what);
  return { rotator: nameOf(path), manifest: await manifestAt(path), isOurs: false };
}

/** Whether a text is the path of a module, not the name of a rotator. */
export function isPath(what: string): boolean {
  return /^\.{0,2}[\\/]|\.[cm]?[jt]s$/.test(what);
}

async function manifestAt(path: string): Promise<LambdaManifest> {
  if (!existsSync(path)) throw new UsageError(`there is no manifest at ${path}`);
  try {
    const module: Exports = await import(pathToFileURL(path).href);
    const lambda = module.lambda ?? module.default?.lambda;
    assertManifest(lambda);
    return lambda;
  } catch (error) {
    throw new UsageError(`cannot use the manifest ${path}: ${whyNotLoaded(error, path)}`);
  }
}

/** Returns a rotator's name from its path, safe in AWS's names: `gate` for `gate/lambda.js`, `gate/index.mjs` and `gate.js`. */
export function nameOf(path: string): string {
  const name = basename(path, extname(path));
  const told = name === 'lambda' || name === 'index' ? basename(dirname(path)) : name;
  return told.replace(/[^\w-]/g, '-');
}
