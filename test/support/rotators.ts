import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LambdaManifest } from '../../src/index.js';

export const ROOT = join(__dirname, '../..');

/** The rotators below a root that can be deployed as they are: `postgres`, `postgres/alternating-users`, … */
export function rotatorsIn(root = ROOT): readonly string[] {
  return readdirSync(join(root, 'rotators'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/lambda.ts'))
    .map(dirname)
    .sort();
}

export function manifestOf(rotator: string, root = ROOT): LambdaManifest {
  return require(join(root, 'rotators', rotator, 'lambda.ts')).lambda;
}
