import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Clause, clause, type Json, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

const ADVICE = 'make it with passwordSource(), or with randomBytes() of node:crypto';
const OR_DECLARE = "(if the provider prescribes its form, declare `chooses: 'provider'`)";
/** How many values are compared: of 65,536 possible ones, two are then the same, nearly for certain. */
const MOST = 1000;
/** How many at least, where each takes long, as a pair of RSA keys does. */
const LEAST = 8;
const LONG_MS = 2000;
/** Nobody guesses so many: eleven letters and digits, or sixteen hexadecimal digits. */
const BITS = 64;

interface Made {
  readonly token: string;
  readonly value: Json;
}

/** Clauses about a credential that the rotator chooses: nobody can guess it. */
export function guesses(stand: Stand): Clause[] {
  const { chooses, line } = stand;
  if (chooses === 'provider') return [];
  return [
    clause('makes a credential that nobody can guess, unless the provider chooses it', async () => {
      if (chooses === undefined && stand.declared().discardSecret) return;
      const trial = await Trial.begin(stand);
      const made: Made[] = [];
      const ofTheClock: Made[] = [];
      let isAsked = false;
      await trial.making(async (make) => {
        const before = line().sent;
        const another = async (): Promise<Made> => {
          const token = randomUUID();
          return { token, value: await make(token) };
        };
        const first = await another();
        made.push(first);
        isAsked = chooses === undefined && line().sent > before;
        if (isAsked) return first.value;
        const endsAt = performance.now() + LONG_MS;
        while (made.length < MOST && (made.length < LEAST || performance.now() < endsAt)) {
          made.push(await another());
        }
        const moment = { time: Date.now(), now: performance.now() };
        for (let n = 0; n < 2; n++) ofTheClock.push(await withoutChance(moment, another));
        return first.value;
      });
      // It is the service that has chosen.
      if (isAsked) return;
      const { rotates, shows } = stand.declared();
      const old = Object.values(trial.values.secret);
      for (const field of rotates.filter((name) => !shows.includes(name))) {
        // What only moves from one field to another is not made.
        if (old.some((value) => isDeepStrictEqual(value, made[0]?.value[field]))) continue;
        assertUnknown(field, made, ofTheClock);
      }
    }),
  ];
}

function assertUnknown(field: string, made: readonly Made[], ofTheClock: readonly Made[]): void {
  const textsOf = (values: readonly Made[]) => values.map(({ value }) => textOf(value[field]));
  const texts = textsOf(made);
  assert.ok(
    new Set(texts).size === texts.length,
    `createSecret made the same "${field}" twice in ${texts.length} rotations: there are too few possible values, or it comes from ` +
      `data that others know, or from a sequence that starts again in each container. ${sentence(ADVICE)} ${OR_DECLARE}`,
  );
  assert.ok(
    new Set(textsOf(ofTheClock)).size === ofTheClock.length,
    `createSecret derives "${field}" from Math.random() or from the time, which others can find out: ${ADVICE}`,
  );
  const isOfToken = made.slice(0, LEAST).every(({ token, value }) => tellsOf(token, textOf(value[field])));
  assert.ok(!isOfToken, `createSecret derives "${field}" from the token, which logs show: ${ADVICE}`);
  const bits = bitsOf(texts);
  assert.ok(
    bits >= BITS,
    `createSecret makes a "${field}" that can be guessed: only ${Math.round(bits)} bits of it change from one rotation to the next, ` +
      `and at least ${BITS} must. Make it longer, and ${ADVICE} ${OR_DECLARE}`,
  );
}

/** Runs `work` while Math.random() repeats itself and the clock stands: only the system's generator still surprises. */
async function withoutChance<T>(
  moment: { readonly time: number; readonly now: number },
  work: () => Promise<T>,
): Promise<T> {
  const [{ random }, { Date: itsDate }, { now }] = [Math, globalThis, performance];
  let seed = 1;
  // A sequence, and not one value: who draws until a condition holds must come to an end.
  Math.random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  performance.now = () => moment.now;
  globalThis.Date = new Proxy(itsDate, {
    construct: (target, args) => Reflect.construct(target, args.length > 0 ? args : [moment.time]),
    get: (target, name) => (name === 'now' ? () => moment.time : Reflect.get(target, name)),
  });
  try {
    return await work();
  } finally {
    Math.random = random;
    performance.now = now;
    globalThis.Date = itsDate;
  }
}

/** The bits that differ between values, at most: as many at each place as its characters could tell apart. */
function bitsOf(texts: readonly string[]): number {
  const length = Math.max(...texts.map((text) => text.length));
  const columns = Array.from({ length }, (_, place) => new Set(texts.map((text) => text.charAt(place))));
  const changing = columns.filter(({ size }) => size > 1);
  const alphabet = new Set(changing.flatMap((characters) => [...characters]));
  return changing.length * Math.log2(Math.max(1, alphabet.size));
}

const HASHES = ['md5', 'sha1', 'sha256', 'sha512'] as const;

function tellsOf(token: string, text: string): boolean {
  const forms = [token, token.replaceAll('-', '')];
  const hashes = forms.flatMap((form) =>
    HASHES.flatMap((name) =>
      (['hex', 'base64', 'base64url'] as const).map((encoding) =>
        createHash(name).update(form).digest(encoding),
      ),
    ),
  );
  return [...forms, ...hashes.map((hash) => hash.slice(0, 12))].some((form) => text.includes(form));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
