import { existsSync, readdirSync } from 'node:fs';

/** Where the rotators are, seen from this file as built. */
const ROTATORS = new URL('../../rotators/', import.meta.url);

/** The rotators that bring such a file. */
export function rotatorsWith(file: string): readonly string[] {
  return readdirSync(ROTATORS)
    .filter((name) => existsSync(rotatorFile(name, file)))
    .sort();
}

export function rotatorFile(rotator: string, file: string): URL {
  return new URL(`${rotator}/${file}`, ROTATORS);
}
