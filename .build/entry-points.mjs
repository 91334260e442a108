// Prints what the package exports, for a tool that asks for each by its name: . testing rotators/postgres …
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rotatorsWith } from './rotators.mjs';

const ROOT = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const names = Object.keys(exports).filter((name) => name !== './package.json');
const entryPoints = names.flatMap((name) =>
  name === './rotators/*' ? rotatorsWith('index.ts', ROOT).map((rotator) => `rotators/${rotator}`) : name,
);
process.stdout.write(`${entryPoints.map((name) => name.replace(/^\.\//, '')).join(' ')}\n`);
