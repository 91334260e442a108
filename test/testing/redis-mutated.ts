import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import * as quarterturn from '../../src/index.js';
import { redis } from '../readme/redis.js';
import type { Mutant } from './redis-mutants.js';

const SOURCE = readFileSync(join(__dirname, '../readme/redis.ts'), 'utf8');

/** The rotator of Redis users with a fault in it. */
export function mutated({ what, changes }: Mutant): typeof redis {
  const source = changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2)
      throw new Error(`${what}: the rotator does not have this once: ${from}`);
    return text.replace(from, () => to);
  }, SOURCE);
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const module: { redis?: typeof redis } = {};
  const load = (name: string): unknown => (name.startsWith('.') ? quarterturn : require(name));
  new Function('exports', 'require', code)(module, load);
  return module.redis ?? redis;
}
