import { createInterface } from 'node:readline/promises';
import { UsageError } from '../usage-error.js';

/**
 * Asks a person before something is changed; anything but y or yes is no, and so is Ctrl-C.
 *
 * @throws UsageError if nobody is there who could be asked, and `--yes` was not given
 */
export async function confirmed(
  question: string,
  { isAgreed, signal }: { readonly isAgreed: boolean; readonly signal?: AbortSignal },
): Promise<boolean> {
  if (isAgreed) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError('this asks first, and there is no terminal to ask at: add --yes');
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
    // Ctrl-C, Ctrl-D, or a signal: nobody has said yes.
    process.stderr.write('\n');
    return false;
  } finally {
    prompt.close();
  }
}
