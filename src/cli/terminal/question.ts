import { createInterface } from 'node:readline/promises';
import { UsageError } from '../usage-error.js';

/**
 * Asks a person before a change. Anything but y or yes means no; Ctrl-C does too.
 *
 * @throws UsageError without a terminal and without `--yes`
 */
export async function confirmed(
  question: string,
  { isAgreed, signal }: { readonly isAgreed: boolean; readonly signal?: AbortSignal },
): Promise<boolean> {
  if (isAgreed) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError('this command asks before it changes anything, but there is no terminal: add --yes');
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const isOver = new AbortController();
  prompt.on('close', () => isOver.abort());
  // The terminal is in raw mode: Ctrl-C arrives as a character.
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const signals = [isOver.signal, ...(signal ? [signal] : [])];
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: AbortSignal.any(signals) });
    return /^\s*y(?:es)?\s*$/i.test(answer);
  } catch {
    // Ctrl-C, Ctrl-D or a signal: nobody said yes.
    process.stderr.write('\n');
    return false;
  } finally {
    prompt.close();
  }
}
