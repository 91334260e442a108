import type { Metafile } from 'esbuild';

/** Returns how many bytes load with the function: its first file, and all that it imports at once. */
export function bytesAtInit({ outputs }: Metafile): number {
  const first = Object.keys(outputs).filter(
    (path) => outputs[path]?.entryPoint !== undefined && path.endsWith('index.mjs'),
  );
  const reached = new Set(first);
  for (const path of reached) {
    for (const { kind, external, path: next } of outputs[path]?.imports ?? []) {
      if (!external && kind !== 'dynamic-import') reached.add(next);
    }
  }
  return [...reached].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}
