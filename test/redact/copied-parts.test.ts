import { inspect } from 'node:util';
import { RotationError } from '../../src/index.js';
import { leaksOnPurpose } from '../support/canary.js';
import { allOf, leaks } from '../support/errors.js';
import { thrownBy } from './thrown.js';

const SECRET = 'Zq8-Xw_secret.Value~42kk';

/** What is no string, but becomes one once somebody prints it. */
const NO_STRINGS: Readonly<Record<string, () => unknown>> = {
  'a list': () => [SECRET],
  'a list of lists': () => [[`password ${SECRET} is not long enough`]],
  'an object': () => ({ password: SECRET }),
  'an object with toString': () => ({ toString: () => SECRET }),
  'an object that passes for a string': () => ({
    length: 3,
    includes: () => false,
    search: () => -1,
    slice: () => SECRET,
    matchAll: () => [],
    toString: () => SECRET,
  }),
  'an object that becomes a string': () => ({ [Symbol.toPrimitive]: () => SECRET }),
  'a String object': () => new String(SECRET),
  'an object with toJSON': () => ({ toJSON: () => SECRET }),
  'an object that inspects itself': () => ({ [inspect.custom]: () => SECRET }),
  'a symbol': () => Symbol(SECRET),
  'a function': () => Object.assign(() => SECRET, { toString: () => SECRET }),
  bytes: () => Buffer.from(SECRET),
  'a map': () => new Map([['password', SECRET]]),
  'an error': () => new Error(SECRET),
};

const MEMBERS = ['hint', 'code', 'name', 'message', 'stack', 'step', 'secretId', 'cause', 'errors'] as const;

const CASES = Object.keys(NO_STRINGS).flatMap((kind) => MEMBERS.map((member) => [member, kind] as const));

test.each(CASES)('the %s of an error that is %s does not leave', async (member, kind) => {
  const value = NO_STRINGS[kind]?.();
  for (const thrown of [
    new RotationError('ERR_SERVICE_REFUSED', 'it failed'),
    Object.assign(new Error('it failed'), { code: '42601' }),
    { name: 'RotationError', code: 'ERR_SERVICE_REFUSED', message: 'it failed', stack: 'at door.ts' },
  ]) {
    Object.defineProperty(thrown, member, { value });
    const { error, log } = await thrownBy(
      () => {
        throw thrown;
      },
      { password: SECRET },
    );
    expect(error).toBeInstanceOf(RotationError);
    expect(leaks(allOf([error, log]) + JSON.stringify([error, log]) + String(error), SECRET)).toBeUndefined();
  }
});

test.each(MEMBERS)(
  'a getter for the %s that gives something else each time does not smuggle it out',
  async (member) => {
    for (const later of [SECRET, [SECRET], { toString: () => SECRET }]) {
      for (const harmless of [0, 1, 2, 3, 4, 5]) {
        let reads = 0;
        const thrown = new RotationError('ERR_SERVICE_REFUSED', 'it failed', { hint: 'try again' });
        const first = { name: 'RotationError', code: 'ERR_SERVICE_FAILED' }[String(member)] ?? 'a text';
        Object.defineProperty(thrown, member, { get: () => (reads++ < harmless ? first : later) });
        const { error, log } = await thrownBy(
          () => {
            throw thrown;
          },
          { password: SECRET },
        );
        expect(error).toBeInstanceOf(RotationError);
        expect(leaks(allOf([error, log]) + JSON.stringify([error, log]), SECRET)).toBeUndefined();
      }
    }
  },
);

test.each(MEMBERS)(
  'a getter for the %s that throws does not hide what else there is to tell',
  async (member) => {
    const thrown = new RotationError('ERR_SERVICE_REFUSED', 'it failed', { hint: 'try again' });
    Object.defineProperty(thrown, member, {
      get() {
        throw new Error(SECRET);
      },
    });
    const { error } = await thrownBy(
      () => {
        throw thrown;
      },
      { password: SECRET },
    );
    expect(leaks(allOf(error), SECRET)).toBeUndefined();
    const isUnreadable = ['name', 'message'].includes(member);
    const isOfNoCode = isUnreadable || member === 'code';
    expect(error).toMatchObject({
      code: isOfNoCode ? 'ERR_ROTATOR_FAILED' : 'ERR_SERVICE_REFUSED',
      message: expect.stringContaining(isUnreadable ? 'an unreadable value was thrown' : 'it failed'),
    });
  },
);

test.each([
  ['ERR_NEWER_THAN_THIS', 'ERR_NEWER_THAN_THIS'],
  ['ERR_SERVICE_FAILED', 'ERR_SERVICE_FAILED'],
  ['ERR_HUNTERPASS', 'ERR_ROTATOR_FAILED'],
  ['HUNTERPASS', 'ERR_ROTATOR_FAILED'],
  ['err_service_failed', 'ERR_ROTATOR_FAILED'],
  ['ERR_9F86D081884C7D65', 'ERR_ROTATOR_FAILED'],
  ['', 'ERR_ROTATOR_FAILED'],
])('the code %j of a RotationError leaves as %s', async (code, left) => {
  const { error } = await thrownBy(
    () => {
      throw new RotationError(code as never, 'it failed');
    },
    { password: 'HUNTERPASS' },
  );
  expect(error).toMatchObject({ code: left, message: 'it failed' });
});

test.each(['ERR_', 'SERVICE_', 'SERVICE_FAILED', 'FAILED', 'ERR_SERVICE_FAILED'])(
  'a code of ours is what it is, although the secret is %s',
  async (password) => {
    // The code has so many characters in common with the secret, whatever that is.
    leaksOnPurpose();
    const { error, log } = await thrownBy(
      () => {
        throw new RotationError('ERR_SERVICE_FAILED', 'it broke');
      },
      { password },
    );
    expect(error).toMatchObject({ code: 'ERR_SERVICE_FAILED', step: 'setSecret' });
    expect(log.at(-1)).toMatchObject({ code: 'ERR_SERVICE_FAILED', step: 'setSecret', rotator: 'door' });
  },
);
