import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of a package.json that a bundle needs. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

export function packageAt(folder: string): PackageFile {
  // biome-ignore lint/plugin: a package.json, which holds no secret.
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
