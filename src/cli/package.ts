import { readFileSync } from 'node:fs';

interface Package {
  readonly version: string;
  readonly config: {
    /** The rotator that `rehearse` takes without an argument. */
    readonly rehearsal: string;
  };
}

/** Reads our own package.json, from where this file is when built. */
export function readPackage(): Package {
  // biome-ignore lint/plugin: our own package.json.
  return JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'));
}
