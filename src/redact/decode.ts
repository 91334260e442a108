/** A text as a reader sees it who decodes it, with the place in the original of each of its characters. */
export interface View {
  readonly text: string;
  /** `starts[i]` is where the original of `text[i]` begins, and the last one where the original ends. */
  readonly starts: readonly number[];
}

/** One escape sequence, decoded. */
type Decode = (escaped: string) => string;

/**
 * A text as it is, and with its URL and JSON escapes decoded. There are many ways to escape a value (which characters,
 * which case), and only one way to read it.
 */
export function viewsOf(text: string): readonly View[] {
  const plain: View = { text, starts: Array.from({ length: text.length + 1 }, (_, at) => at) };
  const views = [plain];
  if (text.includes('%')) views.push(decoded(plain, PERCENT, fromPercent));
  if (text.includes('+')) views.push(decoded(plain, PERCENT_OR_PLUS, fromPercent));
  if (text.includes('\\')) {
    const once = decoded(plain, BACKSLASH, fromBackslash);
    // JSON within JSON: an answer's body, quoted in a message, say.
    views.push(once, decoded(once, BACKSLASH, fromBackslash));
  }
  return views;
}

function decoded(view: View, pattern: RegExp, decode: Decode): View {
  let text = '';
  const starts: number[] = [];
  const copy = (from: number, to: number) => {
    text += view.text.slice(from, to);
    for (let at = from; at < to; at++) starts.push(view.starts[at] ?? 0);
  };
  let done = 0;
  for (const { 0: escaped, index } of view.text.matchAll(pattern)) {
    copy(done, index);
    const replacement = decode(escaped);
    text += replacement;
    // All characters of one escape begin where it begins: if one is masked, all of it is.
    for (let n = 0; n < replacement.length; n++) starts.push(view.starts[index] ?? 0);
    done = index + escaped.length;
  }
  copy(done, view.text.length);
  starts.push(view.starts[view.text.length] ?? 0);
  return { text, starts };
}

/** The bytes of one UTF-8 character, escaped. */
const PERCENT =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;
const PERCENT_OR_PLUS = new RegExp(`${PERCENT.source}|\\+`, 'gi');

const fromPercent: Decode = (escaped) =>
  escaped === '+' ? ' ' : Buffer.from(escaped.replaceAll('%', ''), 'hex').toString();

const BACKSLASH = /\\(?:u[0-9a-f]{4}|["\\/bfnrt])/gi;
const LETTERS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const fromBackslash: Decode = (escaped) => {
  const letter = escaped.charAt(1);
  if (escaped.length > 2) return String.fromCharCode(Number.parseInt(escaped.slice(2), 16));
  return LETTERS[letter] ?? letter;
};
