/** A way to log in to an account. */
export interface LoginMethod {
  readonly plugin: string;
  /** The stored hash, one character per byte; `undefined` if there is no hash, or the server does not show it. */
  readonly hash: string | undefined;
}

/** A name in backticks, as the session's settings make the server quote it. */
const NAME = '`(?:[^`]|``)*`';
const START = new RegExp(`^CREATE USER ${NAME}@${NAME}`);
/** MariaDB's form for mysql_native_password. */
const BY_PASSWORD = /^ IDENTIFIED BY PASSWORD ('(?:[^'\\]|''|\\.)*')/;
/** The first method, MariaDB's further ones, and MySQL's further factors. */
const METHOD =
  /^ (?:IDENTIFIED (?:WITH|VIA)|OR|AND IDENTIFIED WITH) ('?)([\w-]+)\1(?: (?:AS|USING) ('(?:[^'\\]|''|\\.)*'|0x[0-9A-F]*|<secret>))?/i;

/**
 * Returns the ways to log in from a server's SHOW CREATE USER.
 *
 * @throws Error for any other answer: nothing is known about the account then
 */
export function methodsOf(statement: string): readonly LoginMethod[] {
  const start = START.exec(statement);
  if (!start) throw new Error('the server’s answer does not describe an account');
  let rest = statement.slice(start[0].length);
  const native = BY_PASSWORD.exec(rest);
  if (native) return [{ plugin: 'mysql_native_password', hash: hashIn(native[1]) }];
  const methods: LoginMethod[] = [];
  for (let method = METHOD.exec(rest); method; method = METHOD.exec(rest)) {
    methods.push({ plugin: method[2] ?? '', hash: hashIn(method[3]) });
    rest = rest.slice(method[0].length);
  }
  // A part that this does not understand could be one more way.
  if (/^ (?:IDENTIFIED|OR|AND)\b/i.test(rest)) throw new Error('the server shows an unknown login method');
  return methods;
}

function hashIn(text: string | undefined): string | undefined {
  if (text === undefined || text === '<secret>') return undefined;
  if (text.startsWith('0x')) return Buffer.from(text.slice(2), 'hex').toString('latin1');
  return text.slice(1, -1).replace(/''|\\(.)/gs, (_, escaped: string | undefined) => escaped ?? "'");
}
