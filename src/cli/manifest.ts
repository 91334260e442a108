import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaManifest } from '../lambda.js';
import { assertManifest, type Exports, whyNotLoaded } from './manifest-checks.js';
import { rotatorFile, rotatorsWith } from './rotators.js';
import { UsageError } from './usage-error.js';

/** A manifest, and whose it is. */
export interface LoadedManifest {
  /** `postgres`; of one that is not ours the name of its folder. */
  readonly rotator: string;
  readonly manifest: LambdaManifest;
  /** Whether it comes with this package. */
  readonly isOurs: boolean;
}

/**
 * Loads the manifest of a rotator that comes along, by its name, or of another, by the path of its file.
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
    throw new UsageError(`there is no rotator ${JSON.stringify(what)}; there is ${names.join(', ')}`);
  }
  const path = resolve(what);
  return { rotator: nameOf(path), manifest: await manifestAt(path), isOurs: false };
}

/** Whether that is the path of a module, and not the name of a rotator. */
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
    throw new UsageError(`the manifest ${path} cannot be used: ${whyNotLoaded(error, path)}`);
  }
}

/** What a rotator that is not ours is called: by `gate/lambda.js`, `dist/lambda/gate/index.mjs` and `gate.js`, gate. It becomes part of names that AWS takes. */
export function nameOf(path: string): string {
  const name = basename(path, extname(path));
  const told = name === 'lambda' || name === 'index' ? basename(dirname(path)) : name;
  return told.replace(/[^\w-]/g, '-');
}
