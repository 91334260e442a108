import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** The folder of the rotators, from where this file is when built. */
const ROTATORS = new URL('../../rotators/', import.meta.url);

/** Returns the rotators with a file of that name: `postgres`, `postgres/alternating-users`, … */
export function rotatorsWith(file: string): readonly string[] {
  return readdirSync(ROTATORS, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith(`/${file}`))
    .map(dirname)
    .sort();
}

export function rotatorFile(rotator: string, file: string): URL {
  return new URL(`${rotator}/${file}`, ROTATORS);
}
