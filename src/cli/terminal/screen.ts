import { styleText } from 'node:util';

type Format = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** Returns the width of the output: that of the terminal, or COLUMNS, or 80. */
export function widthOf(stream: { readonly columns?: number } = process.stdout): number {
  const told = /^\d{1,5}$/.test(process.env.COLUMNS ?? '') ? Number(process.env.COLUMNS) : 0;
  return Math.max(stream.columns || told || 80, 20);
}

/** Whether to print in colour: FORCE_COLOR decides, then NO_COLOR and TERM, then whether it is a terminal. */
function hasColour(stream: { readonly isTTY?: boolean }): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return !NO_COLOR && TERM !== 'dumb' && stream.isTTY === true;
}

/** Returns a text in a colour, if stdout has colours. */
export function paint(format: Format, text: string): string {
  return hasColour(process.stdout) ? styleText(format, text, { validateStream: false }) : text;
}

/** Returns a text without characters that move the cursor or end the line. */
export function printable(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/\p{Cc}/gu, escaped);
}

/** Prints a line of the answer to stdout. */
export function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prints progress and notes to stderr, so that stdout holds the answer alone. */
export function say(text: string): void {
  process.stderr.write(`quarterturn: ${text}\n`);
}

/** Prints what to do about the error before it. */
export function sayHint(hint: string): void {
  process.stderr.write(`hint: ${printable(hint)}\n`);
}

/** Prints a JSON document on one line. */
export function jsonLine(value: object): void {
  line(JSON.stringify(value));
}
