import { readFileSync } from 'node:fs';

interface Package {
  readonly version: string;
  readonly config: {
    /** The rotator that is rehearsed if none is named. */
    readonly rehearsal: string;
  };
}

/** Our own package.json, seen from this file as built. */
export function readPackage(): Package {
  // biome-ignore lint/plugin: our own package.json.
  return JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'));
}
