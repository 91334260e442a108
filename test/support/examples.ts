import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The examples in the doc comments of a source file, without the indentation of their lines. */
export function examplesIn(path: string): readonly string[] {
  const comments = read(path).match(/^ *\/\*\*.*?\*\//gms) ?? [];
  return comments.flatMap((comment) => {
    const [, example] = /@example\n.*?```ts\n(.*?)```/s.exec(comment.replace(/^ *\* ?/gm, '')) ?? [];
    return example === undefined ? [] : [unindented(example)];
  });
}

/** The code of a file that runs examples, likewise. */
export function codeOf(path: string): string {
  return unindented(read(path));
}

function unindented(code: string): string {
  return code.replace(/^ +/gm, '');
}

function read(path: string): string {
  return readFileSync(join(__dirname, '../..', path), 'utf8');
}
