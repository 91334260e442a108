import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where the rotators are, seen from this file as built. */
const ROTATORS = new URL('../../rotators/', import.meta.url);

/** The rotators that bring such a file: `postgres`, `postgres/alternating-users`, … */
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
