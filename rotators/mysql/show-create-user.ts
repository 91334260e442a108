/** A way to log in to an account. */
export interface LoginMethod {
  readonly plugin: string;
  /** What is stored for it, byte by byte; undefined if there is nothing, or if the server does not show it. */
  readonly hash: string | undefined;
}

/** A name in backticks, as the session has pinned them. */
const NAME = '`(?:[^`]|``)*`';
const START = new RegExp(`^CREATE USER ${NAME}@${NAME}`);
/** MariaDB's own way to say mysql_native_password. */
const BY_PASSWORD = /^ IDENTIFIED BY PASSWORD ('(?:[^'\\]|''|\\.)*')/;
/** The first method, MariaDB's others, and the factors that MySQL asks for besides. */
const METHOD =
  /^ (?:IDENTIFIED (?:WITH|VIA)|OR|AND IDENTIFIED WITH) ('?)([\w-]+)\1(?: (?:AS|USING) ('(?:[^'\\]|''|\\.)*'|0x[0-9A-F]*|<secret>))?/i;

/**
 * Reads the ways to log in from a server's SHOW CREATE USER.
 *
 * @throws Error for another answer: then nothing is known of the account
 */
export function methodsOf(statement: string): readonly LoginMethod[] {
  const start = START.exec(statement);
  if (!start) throw new Error('the server shows something else than an account');
  let rest = statement.slice(start[0].length);
  const native = BY_PASSWORD.exec(rest);
  if (native) return [{ plugin: 'mysql_native_password', hash: hashIn(native[1]) }];
  const methods: LoginMethod[] = [];
  for (let method = METHOD.exec(rest); method; method = METHOD.exec(rest)) {
    methods.push({ plugin: method[2] ?? '', hash: hashIn(method[3]) });
    rest = rest.slice(method[0].length);
  }
  // What is not understood could be one more.
  if (/^ (?:IDENTIFIED|OR|AND)\b/i.test(rest)) throw new Error('the server shows an unknown way to log in');
  return methods;
}

function hashIn(text: string | undefined): string | undefined {
  if (text === undefined || text === '<secret>') return undefined;
  if (text.startsWith('0x')) return Buffer.from(text.slice(2), 'hex').toString('latin1');
  return text.slice(1, -1).replace(/''|\\(.)/gs, (_, escaped: string | undefined) => escaped ?? "'");
}
