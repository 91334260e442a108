// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is changed is the text of a source
/** A change of the text of the rotator of Redis users. */
type Change = readonly [from: string, to: string];

/** A fault in it. */
export interface Mutant {
  readonly what: string;
  readonly changes: readonly Change[];
}

/** A fault, and what the clause that finds it says. */
interface CaughtMutant extends Mutant {
  readonly advice: RegExp;
}

const caught = (what: string, advice: RegExp, ...changes: readonly Change[]): CaughtMutant => ({
  what,
  advice,
  changes,
});

const SIGNATURE = 'async setSecret({ pending, current }, {';
const WITH_PREVIOUS: Change = [SIGNATURE, SIGNATURE.replace('current }', 'current, previous }')];
const ASKS = 'const isCurrentValid = await isAccepted(current, signal);';
const PROOF = 'if (!isCurrentValid && !(await isAccepted(pending, signal))) throw rejected(current);';
const READ = "parse(await readSecret(pending.masterarn, SHOWS), '')";
const GONE = 'const gone = passwords.filter((hash) => hash !== wanted.at(-1)).map((hash) => `!${hash}`);';
const ADDED = '...wanted.map((hash) => `#${hash}`)';
const SETUSER = `await ask('ACL', 'SETUSER', pending.username, ...gone, ${ADDED});`;
const SAVE = "await ask('ACL', 'SAVE');";
const CONFIRM = "if ((await confirm()) === 'current') return;";
const GETUSER = "const user = await ask('ACL', 'GETUSER', pending.username);";
const TEST = "(await isAccepted(pending, signal)) ? 'accepted' : 'rejected',";
const NEW = 'createSecret: () => ({ password: newPassword() }),';
const READS = "return read(lines, command.slice(0, 2).join(' '));";
/** What outlives a container: a variable of the module. */
const KEPT: Change = ['export function redis()', 'let kept: any;\nexport function redis()'];

const fromPrevious = (proof: string): readonly Change[] => [
  WITH_PREVIOUS,
  [
    PROOF,
    `const old = await previous();
      const isProven = isCurrentValid || (old !== undefined && ${proof} && (await isAccepted(old, signal)));
      ${PROOF.replace('!isCurrentValid', '!isProven')}`,
  ],
];
const password = (what: string, advice: RegExp, made: string, ...others: readonly Change[]) =>
  caught(
    `makes the password ${what}`,
    advice,
    [NEW, `createSecret: async ({ password: old }, { token }) => ({ password: ${made} }),`],
    ...others,
  );
const hash = (text: string) => `createHash('sha256').update(${text}).digest('base64url')`;

const REFUSED =
  /^the service refused AWSCURRENT, and the rotator changed the credential all the same: whoever can write/;
const OLD_ONE =
  /^the administrator’s secret was rotated, and this container still used the old value: call context\.read/;
const LOG_OUT =
  /^\w+ must log out, or close the connections that it opened, before it returns: Lambda freezes/;
const LOG_OUT_TOO =
  /^\w+ must log out, or close the connections that it opened, when it fails, too: Lambda freezes/;
const RETURNED = /^setSecret returned although the service does not accept AWSPENDING: throw the error/;
const TWICE = /^createSecret made the same "password" twice in \d+ rotations: there are too few/;
const CHANCE =
  /^createSecret derives "password" from Math\.random\(\) or from the time, which others can find out: make/;
const SHORT =
  /^createSecret makes a "password" that can be guessed: only \d+ bits of it change .*, and at least 64 must\. Make it/;
const STRAY =
  /^the rotator connected to [\w.]+:\d+, which no secret names: connect only to the places that AWSPENDING/;
const TOO_LATE =
  /^message \d+ of setSecret was held back until a later rotation had ended, and took effect then.* ask context\.confirm\(\)/;

/** The faults that the contract finds, by the clause that finds them. */
export const CAUGHT: Readonly<Record<string, readonly CaughtMutant[]>> = {
  'uses nobody else’s right until the service has accepted the secret’s own credential': [
    caught('has the administrator act without a proof', REFUSED, [PROOF, '']),
    caught('takes any answer for a proof', REFUSED, [
      PROOF,
      "await withSession(current, signal, (ask) => ask('PING'));",
    ]),
    caught(
      'takes no answer for a proof',
      /^the service did not answer for AWSCURRENT \(a message was lost\), and the rotator changed .*: no answer/,
      [ASKS, ASKS.replace(';', '.catch(() => true);')],
    ),
    caught(
      'asks for the proof when all is done',
      REFUSED,
      [PROOF, ''],
      [SAVE, `${SAVE} if (!isCurrentValid) throw rejected(current);`],
    ),
  ],
  'takes no proof from an AWSPREVIOUS of another user or place': [
    caught(
      'takes AWSPREVIOUS of another user for a proof',
      /^the service refused AWSCURRENT, AWSPREVIOUS was of another user, and the rotator changed the credential/,
      ...fromPrevious('old.host === pending.host && old.port === pending.port'),
    ),
    caught(
      'takes AWSPREVIOUS of another place for a proof',
      /^the service refused AWSCURRENT, AWSPREVIOUS was of another place, and .* Only a login as AWSPENDING’s user/,
      ...fromPrevious('old.username === pending.username'),
    ),
  ],
  'keeps no secret of an administrator for a later rotation': [
    caught('reads the administrator’s secret once', OLD_ONE, KEPT, [READ, `(kept ??= ${READ})`]),
    caught(
      'keeps the administrator’s secret once it has worked',
      OLD_ONE,
      KEPT,
      [READ, `kept ?? ${READ}`],
      [SAVE, `${SAVE} kept = administrator;`],
    ),
  ],
  'is logged in nowhere once a step has ended': [
    caught('leaves its connections open', LOG_OUT, ['    socket.destroy();', '']),
    caught(
      'leaves a connection open that was refused',
      LOG_OUT_TOO,
      KEPT,
      [READS, `kept = ${READS.slice(7)} return kept;`],
      ['    socket.destroy();', "    if ((await kept) !== 'WRONGPASS') socket.destroy();"],
    ),
    caught(
      'leaves the administrator logged in when something fails',
      LOG_OUT_TOO,
      ['  try {\n    return await use(', '  {\n    const result = await use('],
      ['  } finally {\n    socket.destroy();', '    socket.destroy();\n    return result;'],
    ),
  ],
  'returns from setSecret only when the service accepts AWSPENDING': [
    caught('returns when the service refuses what it has', RETURNED, [
      PROOF,
      PROOF.replace('throw rejected(current)', 'return'),
    ]),
    caught('does not wait for the change', RETURNED, [
      SETUSER,
      `void ${SETUSER.slice(6, -1)}.catch(() => {}); return;`,
    ]),
  ],
  'starts over when a connection broke before any message arrived': [
    caught(
      'drops what SETUSER fails with',
      /^after message \d+ of setSecret was lost, setSecret returned although/,
      [SETUSER, `${SETUSER.slice(0, -1)}.catch(() => {});`],
      [SAVE, `${SAVE.slice(0, -1)}.catch(() => {});`],
    ),
  ],
  'makes a credential that nobody can guess, unless the provider chooses it': [
    password('of Math.random()', CHANCE, hash('`${Math.random()}`')),
    password('of the time', CHANCE, hash('`${performance.now()} ${Date.now()}`')),
    password('of the date and of Math.random()', CHANCE, hash('new Date().toISOString() + Math.random()')),
    password('of three values', TWICE, hash('`${Math.floor(Math.random() * 3)}`')),
    password('of sixteen bits', TWICE, hash("(await import('node:crypto')).randomBytes(2)")),
    password('of the old one', TWICE, hash('old')),
    password('of a name and the year', TWICE, '`Redis-App-User-${new Date().getFullYear()}!`'),
    password('of a count that each container begins anew', TWICE, hash('`${++count}`'), [
      'const newPassword',
      'let count = 0; const newPassword',
    ]),
    password('six characters long', SHORT, 'newPassword().slice(0, 6)'),
    password(
      'of ten digits',
      SHORT,
      'newPassword().replace(/\\D/g, (it) => `${it.charCodeAt(0) % 10}`).slice(-10)',
    ),
    password('of a count', SHORT, '`S3cret-Passw0rd-${(kept = (kept ?? 100) + 1)}`', KEPT),
    password(
      'of the token',
      /^createSecret derives "password" from the token, which logs show: make/,
      hash('token'),
    ),
  ],
  'talks to no place that neither the secret nor a declaration names': [
    caught('tells somebody about each rotation', STRAY, [
      SAVE,
      `${SAVE} await fetch('http://127.0.0.1:16390/').catch(() => {});`,
    ]),
    caught('tries the usual port when the right one does not answer', STRAY, [
      ASKS,
      ASKS.replace(';', '.catch(() => isAccepted({ ...current, port: 16379 }, signal));'),
    ]),
  ],
  'lets no change of setSecret that was held back undo a later rotation': [
    caught('does not look before the change', TOO_LATE, [CONFIRM, '']),
    caught('looks, and does not listen', TOO_LATE, [CONFIRM, 'await confirm().catch(() => {});']),
    caught(
      'looks before it reads its condition',
      /a condition that you read before you ask/,
      [CONFIRM, ''],
      [GETUSER, `${CONFIRM} ${GETUSER}`],
    ),
    caught('looks, and then sets both passwords whatever there is', TOO_LATE, [
      GONE,
      "const gone = ['resetpass'];",
    ]),
  ],
  'keeps AWSCURRENT working at every moment, and AWSPREVIOUS until the next rotation': [
    caught('ends AWSCURRENT in setSecret', /^setSecret must leave AWSCURRENT working$/, [
      '(isCurrentValid ? [current, pending] : [pending])',
      '[pending]',
    ]),
  ],
  'starts over when it died after any message': [
    caught(
      'takes the old passwords away before it adds the new ones',
      /^after setSecret died at message \d+, the service must still accept AWSCURRENT/,
      [SETUSER, `${SETUSER.replace(`, ${ADDED}`, '')} ${SETUSER.replace(' ...gone,', '')}`],
    ),
  ],
  'rotates again and again': [
    caught('never takes an old password away', /^after rotation 2, the service holds 3 credentials/, [
      GONE,
      'const gone: string[] = [];',
    ]),
  ],
  'has the service refuse what it has retired, unless it declares when that ends': [
    caught(
      'lets everybody in',
      /^the service still accepts a credential that has lost its last label: finishSecret must end it/,
      [ADDED, `${ADDED}, 'nopass'`],
    ),
  ],
  'takes each step in a new container': [
    caught(
      'sets what it remembers',
      /^\w+ must work in a new container: use only its arguments, and keep nothing/,
      ['const newPassword', "let made = 'none'; const newPassword"],
      [NEW, 'createSecret: () => ({ password: (made = newPassword()) }),'],
      ['(isCurrentValid ? [current, pending] : [pending])', '[current, { password: made }]'],
    ),
  ],
  'takes every step twice in a row': [
    caught('does not expect to find AWSPENDING set', /^setSecret must succeed when it runs a second time/, [
      CONFIRM,
      `if (passwords.includes(hashOf(pending.password))) throw new Error('who was that?'); ${CONFIRM}`,
    ]),
  ],
  'needs no AWSPREVIOUS, and ignores an unusable one': [
    caught(
      'wants an AWSPREVIOUS that works',
      /^no step may fail because AWSPREVIOUS is unusable/,
      WITH_PREVIOUS,
      [
        PROOF,
        `const old = await previous(); if (old && !(await isAccepted(old, signal))) throw rejected(old);`,
      ],
    ),
  ],
  'keeps the fields that it does not know': [
    caught('wants to know each field', /^parse must accept a secret in which the owner keeps other fields/, [
      'const { port = 6379, ssl = true } = json;',
      `const { port = 6379, ssl = true } = json;
      if (Object.keys(json).some((field) => field.startsWith('x-'))) throw new TypeError('what is this?');`,
    ]),
  ],
  'rejects, in testSecret, what the service does not accept': [
    caught('logs in as "default", who needs no password', /^testSecret must return 'rejected' when/, [
      "ask('AUTH', username, password)",
      "ask('AUTH', password)",
    ]),
    caught('takes a PING for a login', /^testSecret must return 'rejected' when/, [
      "return (await ask('AUTH', username, password)) === 'OK';",
      "await ask('AUTH', username, password); return (await ask('PING')) === 'PONG';",
    ]),
  ],
  'does not take an unreachable service for a refusal, in testSecret': [
    caught(
      'takes whatever goes wrong for a refusal',
      /^testSecret took a(n unreachable)? service.* for a refusal/,
      [TEST, TEST.replace('signal))', 'signal).catch(() => false))')],
    ),
    caught('takes whatever goes wrong for a yes', /^testSecret must throw when it meets an unreachable/, [
      TEST,
      TEST.replace('signal))', 'signal).catch(() => true))'),
    ]),
  ],
  'does not take an unreachable service for a refusal, in setSecret': [
    caught('returns when it cannot ask', /^setSecret must throw when it meets an unreachable service$/, [
      ASKS,
      `${ASKS.replace(';', '.catch(() => undefined);')} if (isCurrentValid === undefined) return;`,
    ]),
  ],
  'gives up in time when the service does not answer, and takes that for no refusal': [
    caught('waits for ever', /^\w+ still waited for the service when its time was up: give context\.signal/, [
      'addAbortSignal(signal, socket)',
      'socket',
    ]),
  ],
  'follows no AWSPENDING that somebody has pointed elsewhere': [
    caught(
      'lets AWSPENDING name another user',
      /^setSecret must refuse an AWSPENDING with another "username" before it connects/,
      ["rotates: ['password'],", "rotates: ['password', 'username'],"],
      [NEW, 'createSecret: ({ username }) => ({ username, password: newPassword() }),'],
    ),
  ],
  'lets nothing secret out in an error, the log or what is printed': [
    caught('prints what it sends', /^the value of "password" was printed, logged or thrown/, [
      'socket.write(`*${words.length}',
      "console.debug(command.join(' ')); socket.write(`*${words.length}",
    ]),
  ],
  'changes nothing of what it is given': [
    caught(
      'notes on AWSPENDING that it has been tried',
      /^a rotator must make new objects, and not change "pending"/,
      [
        TEST,
        "(await isAccepted(Object.assign(pending, { tried: true }), signal)) ? 'accepted' : 'rejected',",
      ],
    ),
  ],
};

/** The faults that it cannot see, by what docs/rotators.md says of them. */
export const UNSEEN: Readonly<Record<string, readonly Mutant[]>> = {
  'Side effects of a change': [
    { what: 'gives the user every right', changes: [[ADDED, `${ADDED}, '+@all'`]] },
  ],
  'Changes that are lost when the service restarts': [{ what: 'does not save', changes: [[SAVE, '']] }],
  'An answer that only your service gives': [
    {
      what: 'takes every error for a refusal',
      changes: [["if (code === 'WRONGPASS') return code;", 'if (code !== undefined) return code;']],
    },
  ],
  'Encryption that nobody asked for': [
    { what: 'never encrypts', changes: [['ssl ? connectTls({ host, port }) : ', '']] },
  ],
  'An administrator of another server': [
    {
      what: 'takes an administrator of any server',
      changes: [['administrator.host !== pending.host || administrator.port !== pending.port', 'false']],
    },
  ],
  'A hash of a credential': [
    { what: 'quotes what the server says', changes: [['${doing} with ${code}', '${doing} with ${rest}']] },
  ],
  'Data that leaves without a connection of this process': [
    {
      what: 'spells the password in the name of a host',
      changes: [
        [SAVE, `${SAVE} (await import('node:dns')).lookup(pending.password + '.invalid', () => {});`],
      ],
    },
  ],
  'A generator that keeps its own state': [
    {
      what: 'makes the password of a seed in the code',
      changes: [
        KEPT,
        [
          NEW,
          `createSecret: () => ({ password: ${hash('`${(kept = (kept ?? 7) * 48271 % 2147483647)}`')} }),`,
        ],
      ],
    },
  ],
  'A service that sends without end': [
    { what: 'reads without a bound', changes: [['text.length > 100_000', 'text.length < 0']] },
  ],
};
