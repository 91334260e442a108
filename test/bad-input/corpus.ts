/** A stored value that is hard to read, and what a rotation of its field "password" comes to. */
export interface Nasty {
  readonly name: string;
  readonly stored: string | Uint8Array;
  /** The password in it, if it can be read. */
  readonly password?: string;
  /** What must not be seen, and the password. */
  readonly hidden?: readonly string[];
  /** The code of the refusal; absent if the secret rotates. */
  readonly code?: 'ERR_SECRET_MALFORMED' | 'ERR_DUPLICATE_KEYS' | 'ERR_STALE_FIELD';
}

/** No run of it stands in anything of ours. */
export const PASSWORD = 'Zq7#vK2!mX9&wL4?';
const KEPT = 'kJ8/nB3+tY6=rC1~';
const MALFORMED = 'ERR_SECRET_MALFORMED';

/** A secret with further members, as they are in its text. */
const withMembers = (members: string, password = PASSWORD): string =>
  `{"user":"app","password":${JSON.stringify(password)},${members}}`;
const withPassword = (password: string): string => JSON.stringify({ user: 'app', password });
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const padded = (bytes: number): string => {
  const empty = Buffer.byteLength(withMembers('"pad":""'));
  return withMembers(`"pad":"${'é'.repeat((bytes - empty) >> 1)}"`);
};

const PASSWORDS: Readonly<Record<string, string>> = {
  'of 2 KiB': Array.from({ length: 2048 }, (_, at) => String.fromCharCode(33 + ((at * at * 7919) % 91))).join(
    '',
  ),
  'with lone surrogates': `${PASSWORD}\ud800 \udc00\ud800`,
  'with U+FEFF in front': `\ufeff${PASSWORD}`,
  'with CR LF': `${PASSWORD}\r\nset-cookie: ${KEPT}\r\n`,
  'from right to left': `\u202e${PASSWORD}\u2066שלום עולם, שלום\u2069`,
  'of letters that combine': 'e\u0301\u0323\u200d\ufe0f'.repeat(8),
  'with quotes and backslashes': '\\"\\\\u0041\\n\'`"}],"password":"\\',
  'with replacement patterns': "$&$1$`$'$$ %s %o {password} {admin.key}",
  'that is JSON': JSON.stringify({ password: PASSWORD, user: 'root', note: KEPT }),
  'of a space': ' ',
  'of one letter': 'a',
  'of U+2028 and U+2029': '\u2028\u2029'.repeat(8),
  'of U+0001 to U+001F': Array.from({ length: 31 }, (_, at) => String.fromCharCode(at + 1)).join(''),
};

const KEPT_MEMBERS: Readonly<Record<string, string>> = {
  'names of every object': `"__proto__":{"user":"root","polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"${KEPT}","hasOwnProperty":null`,
  'a __proto__ that is no object': `"__proto__":"${KEPT}"`,
  'a __proto__ inside': `"in":{"__proto__":{"password":"${KEPT}"}}`,
  'names like ours': `"AWSCURRENT":"${KEPT}","SecretString":"${KEPT}","ClientRequestToken":1,"code":"ERR_DEADLINE","hint":[]`,
  'numbers that JavaScript cannot hold':
    '"big":12345678901234567890,"tiny":1e-400,"huge":1E+400,"minus":-0,"long":0.1000000000000000055511151231257827',
  'an empty name, and one that is a blank': `"":"${KEPT}"," ":1`,
  'NUL in a kept field': '"nul":"\\u0000\\u0000","\\u0000":1',
  'lone surrogates in a name': `"\\ud800":"${KEPT}","\\udc00":1`,
  'a hundred levels': `"deep":${nested(99)}`,
  'two thousand names': Array.from({ length: 2000 }, (_, at) => `"n${at}":1`).join(),
  'a list of five thousand': `"list":[${'0,'.repeat(5000)}0]`,
  'CR LF and tabs between all': `\r\n\t"kept"\t:\r\n"${KEPT}"\r\n`,
  'a password inside': '"nested":{"password":"other"},"Password":"other","password ":"other"',
};

const REFUSED: Readonly<Record<string, string>> = {
  'a blank': ' ',
  'no JSON': PASSWORD,
  'a string': JSON.stringify(PASSWORD),
  'a list': JSON.stringify([PASSWORD]),
  null: 'null',
  'an object without members': '{}',
  'a U+FEFF in front': `\ufeff${withPassword(PASSWORD)}`,
  'a comma too many': withPassword(PASSWORD).replace('}', ',}'),
  'a comment': `/* */${withPassword(PASSWORD)}`,
  'two objects': withPassword(PASSWORD) + withPassword(KEPT),
  'an object that is cut off': withPassword(PASSWORD).slice(0, -2),
  'a raw NUL': withPassword(PASSWORD).replace('app', 'a\0p'),
  'a NUL in the password': withPassword(`${PASSWORD}\0`),
  'a raw CR LF in the password': withPassword(PASSWORD).replace(PASSWORD, `${PASSWORD}\r\n`),
  'a password that is a number': '{"user":"app","password":12345678901234567890}',
  'a password that is a list': JSON.stringify({ user: 'app', password: [PASSWORD] }),
  'an empty password': withPassword(''),
  'a password of the prototype': `{"user":"app","__proto__":{"password":"${PASSWORD}"}}`,
  'a hundred levels and one': withMembers(`"deep":${nested(100)}`),
  'thirty thousand levels': withMembers(`"deep":${nested(30_000)}`),
  'nine thousand levels, hidden by a second key': withMembers(`"deep":${nested(9000)},"deep":1`),
  'ten thousand levels of objects': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
};

const TWICE: Readonly<Record<string, string>> = {
  'the password twice': withMembers(`"password":"${KEPT}"`),
  'the password twice, once escaped': withMembers(`"p\\u0061ssword":"${KEPT}"`),
  'a kept field twice': withMembers(`"kept":"${KEPT}","kept":"${KEPT}"`),
  'a name twice, further inside': withMembers(`"in":[{"kept":"${KEPT}","kept":1}]`),
  'a __proto__ twice': withMembers('"__proto__":{},"__proto__":1'),
};

const STALE: Readonly<Record<string, string>> = {
  'a URL with the password': withMembers(`"url":"db://app:${encodeURIComponent(PASSWORD)}@host"`),
  'the password in base64, in a list': withMembers(
    `"list":[{"basic":"${Buffer.from(`app:${PASSWORD}`).toString('base64')}"}]`,
  ),
};

const ALL: readonly Nasty[] = [
  ...named(PASSWORDS, (password) => ({ stored: withPassword(password), password }), 'a password '),
  ...named(KEPT_MEMBERS, (members) => ({ stored: withMembers(members), password: PASSWORD })),
  { name: '65,000 bytes', stored: padded(65_000), password: PASSWORD },
  { name: 'no room for the next', stored: padded(65_536), password: PASSWORD, code: MALFORMED },
  { name: 'bytes', stored: Buffer.from(withPassword(PASSWORD)), hidden: [PASSWORD], code: MALFORMED },
  ...named(REFUSED, (stored) => ({ stored, hidden: [PASSWORD], code: MALFORMED })),
  ...named(TWICE, (stored) => ({ stored, hidden: [PASSWORD], code: 'ERR_DUPLICATE_KEYS' })),
  ...named(STALE, (stored) => ({ stored, password: PASSWORD, code: 'ERR_STALE_FIELD' })),
];
/** Each named for what is odd about it. */
export const CORPUS = ALL.map((nasty): Nasty => ({ ...nasty, hidden: [KEPT, ...(nasty.hidden ?? [])] }));

function named(
  texts: Readonly<Record<string, string>>,
  of: (text: string) => Omit<Nasty, 'name'>,
  prefix = '',
): readonly Nasty[] {
  return Object.entries(texts).map(([name, text]) => ({ name: `${prefix}${name}`, ...of(text) }));
}
