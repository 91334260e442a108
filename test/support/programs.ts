import { spawnSync } from 'node:child_process';
import type { Program } from './installed.js';

/** Whether a program is there to be run; QUARTERTURN_SHELLS=required makes it a failure that it is not. */
export function hasProgram(name: string): Program {
  const { status } = spawnSync('sh', ['-c', `command -v ${name}`]);
  return { name, isInstalled: status === 0, variable: 'QUARTERTURN_SHELLS' };
}
