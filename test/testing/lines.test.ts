import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type Line, lineTo, memoryLine } from '../../src/testing/index.js';
import { rejection } from '../support/errors.js';
import { listening } from '../support/listening.js';

/** A line, what sends a message over it, and the messages that the service at its end has got. */
interface Way {
  readonly line: Line;
  readonly received: readonly string[];
  /** Sends a message on its own connection; resolves with its echo. */
  send(message: string, signal?: AbortSignal): Promise<string>;
  stop(): Promise<void>;
}

async function overTcp(): Promise<Way> {
  const received: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    received.push(url.slice(1));
    response.end(url.slice(1));
  });
  const line = await lineTo(await listening(server));
  const send = async (message: string, signal?: AbortSignal): Promise<string> => {
    const request = get({ port: line.port, path: `/${message}`, agent: false, ...(signal && { signal }) });
    const [response] = await once(request, 'response');
    if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
    const [echo] = await once(response, 'data');
    return String(echo);
  };
  const stop = async (): Promise<void> => {
    await line.close();
    await once(server.close(), 'close');
  };
  return { line, received, send, stop };
}

async function inMemory(): Promise<Way> {
  const received: string[] = [];
  const line = memoryLine();
  const echo = (message: string): string => {
    received.push(message);
    return message;
  };
  return {
    line,
    received,
    send: (message, signal) => line.call(() => echo(message), signal),
    stop: async () => {},
  };
}

describe.each([
  ['over TCP', overTcp],
  ['in memory', inMemory],
])('a line %s', (_, lay) => {
  let way: Way;
  beforeEach(async () => {
    way = await lay();
  });
  afterEach(() => way.stop());

  test('passes messages and answers on, and counts the messages', async () => {
    const { line, received, send } = way;
    expect([await send('a'), await send('b')]).toEqual(['a', 'b']);
    expect(received).toEqual(['a', 'b']);
    expect(line.sent).toBe(2);
    expect(line.mend()).toBe(false);
  });

  test('that is cut lets nothing through until it is mended', async () => {
    const { line, received, send } = way;
    line.cut();
    await rejection(send('a'));
    line.mend();
    await send('b');
    expect(received).toEqual(['b']);
  });

  test.each([
    ['lost', ['a', 'c', 'd']],
    ['unanswered', ['a', 'b', 'c', 'd']],
    ['dead', ['a', 'b', 'd']],
    ['failing', ['a', 'd']],
  ] as const)('fails at the message that was ordered: %s', async (how, expected) => {
    const { line, received, send } = way;
    line.failAt(2, how);
    await send('a');
    const error = await rejection(send('b'));
    const next = await send('c').then(
      () => 'answered',
      ({ message }) => message,
    );
    if (how === 'failing') expect([error, next]).toMatchObject([{ message: 'answered 503' }, 'answered 503']);
    else expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(line.mend()).toBe(true);
    await send('d');
    expect(received).toEqual(expected);
  });

  test('that is stalled has no answer for anybody, until the client gives up or the line is mended', async () => {
    const { line, received, send } = way;
    const impatience = new AbortController();
    line.failAt(1, 'stalled');
    const ended: string[] = [];
    const first = rejection(send('a', impatience.signal)).finally(() => ended.push('a'));
    const second = rejection(send('b')).finally(() => ended.push('b'));
    while (received.length < 2) await turn();
    await sleep(20);
    expect(ended).toEqual([]);
    impatience.abort();
    await first;
    expect(ended).toEqual(['a']);
    expect(line.mend()).toBe(true);
    expect(await second).toMatchObject({ code: 'ECONNRESET' });
    expect(await send('c')).toBe('c');
  });

  test('breaks all that is under way with the message that is lost', async () => {
    const { line, received, send } = way;
    const held = line.holdAt(1);
    const first = rejection(send('a'));
    while (!held.isHeld) await turn();
    line.failAt(1, 'lost');
    await rejection(send('b'));
    expect(await first).toMatchObject({ code: 'ECONNRESET' });
    held.letGo();
    await send('c');
    expect(received).toEqual(['c']);
  });

  test.each(['letGo', 'mend'] as const)(
    'holds a message back while others get through, until %s',
    async (how) => {
      const { line, received, send } = way;
      const held = line.holdAt(2);
      await send('a');
      expect(held.isHeld).toBe(false);
      const late = send('b');
      while (!held.isHeld) await turn();
      await send('c');
      expect(received).toEqual(['a', 'c']);
      if (how === 'mend') line.mend();
      else held.letGo();
      expect(await late).toBe('b');
      expect(received).toEqual(['a', 'c', 'b']);
      expect(held.isHeld).toBe(false);
    },
  );
});

describe('a call over a line in memory', () => {
  test('answers with what the service throws', async () => {
    const refused = new Error('refused');
    const call = memoryLine().call(() => Promise.reject(refused));
    expect(await rejection(call)).toBe(refused);
  });

  test('takes its time: the service may be asked by others before it has answered', async () => {
    const line = memoryLine();
    const answers: string[] = [];
    const first = line.call(() => answers.push('asked')).then(() => answers.push('answered'));
    expect(answers).toEqual(['asked']);
    await Promise.resolve();
    expect(answers).toEqual(['asked']);
    await first;
    expect(answers).toEqual(['asked', 'answered']);
  });

  test('is not sent once its signal has fired', async () => {
    const line = memoryLine();
    const work = jest.fn();
    expect(await rejection(line.call(work, AbortSignal.abort()))).toMatchObject({ name: 'AbortError' });
    expect(work).not.toHaveBeenCalled();
    expect(line.sent).toBe(0);
  });

  test('that was held back takes effect although nobody waits for it any more', async () => {
    const line = memoryLine();
    const impatience = new AbortController();
    const work = jest.fn();
    const held = line.holdAt(1);
    const call = rejection(line.call(work, impatience.signal));
    impatience.abort();
    expect(await call).toMatchObject({ name: 'AbortError' });
    expect(work).not.toHaveBeenCalled();
    held.letGo();
    expect(work).toHaveBeenCalledTimes(1);
  });
});
