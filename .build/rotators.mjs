// What the folders of rotators say: each that has a lambda.ts can be deployed as it is.
import { readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The rotators below a root that bring such a file: `postgres`, `postgres/alternating-users`, … */
export function rotatorsWith(file, root) {
  return readdirSync(join(root, 'rotators'), { recursive: true })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => path.endsWith(`/${file}`))
    .map(dirname)
    .sort();
}

/** What each of their manifests says, as built: [rotator, manifest]. */
export function manifestsIn(root) {
  return Promise.all(
    rotatorsWith('lambda.ts', root).map(async (rotator) => {
      const { lambda } = await import(pathToFileURL(join(root, 'dist/esm/rotators', rotator, 'lambda.js')));
      return [rotator, lambda];
    }),
  );
}
