import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listening } from './listening.js';

/** Picks a message of a client's by its text, and by what the client has sent before on the same connection. */
export type Pick = (message: string, before: string) => boolean;

/** The statement that changes a role, and the COMMIT after one: other transactions have a COMMIT too. */
export const MESSAGES = {
  'ALTER ROLE': (message) => message.includes('ALTER ROLE "'),
  'CREATE ROLE': (message) => message.includes('CREATE ROLE "'),
  COMMIT: (message, before) => message.includes('COMMIT') && / ROLE "/.test(before),
} satisfies Record<string, Pick>;

/** A way to a server that does to the first message which is picked what a network may do. */
export interface DisturbedServer {
  readonly port: number;
  /** Holds it back, with all that follows on its connection, until it is let go. */
  holdBack(pick: Pick): { readonly reached: Promise<void>; letGo(): void };
  /** Breaks its connection: before the server gets it, or when the server answers. */
  breakAt(pick: Pick, when: 'before' | 'after'): void;
  /** Answers it in place of the server, which does not get it. */
  answer(pick: Pick, answer: Buffer): void;
  close(): Promise<void>;
}

/**
 * @param rewrite changes what the server answers
 */
export async function disturbed(
  port: number,
  rewrite: (answer: Buffer) => Buffer = (answer) => answer,
): Promise<DisturbedServer> {
  const sockets = new Set<Socket>();
  let picked: Pick = () => false;
  let disturb: (line: Line) => void = () => {};

  const proxy = createServer((client) => {
    const service = connect(port, '127.0.0.1');
    const line: Line = { client, held: undefined, pass: (message) => service.write(message), answered() {} };
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .once('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
    let before = '';
    client.on('data', (message) => {
      const text = message.toString('latin1');
      if (picked(text, before)) {
        picked = () => false;
        disturb(line);
      }
      before += text;
      if (line.held) line.held.push(message);
      else if (!client.destroyed) line.pass(message);
    });
    service.on('data', (answer) => {
      line.answered();
      if (!client.destroyed) client.write(rewrite(answer));
    });
  });
  const ownPort = await listening(proxy);

  return {
    port: ownPort,
    holdBack(pick) {
      let letGo = () => {};
      const reached = new Promise<void>((resolve) => {
        picked = pick;
        disturb = (line) => {
          line.held = [];
          letGo = () => {
            for (const message of line.held ?? []) line.pass(message);
            line.held = undefined;
          };
          resolve();
        };
      });
      return { reached, letGo: () => letGo() };
    },
    breakAt(pick, when) {
      picked = pick;
      disturb = (line) => {
        const breakIt = () => void line.client.destroy();
        if (when === 'before') breakIt();
        else line.answered = breakIt;
      };
    },
    answer(pick, answer) {
      picked = pick;
      disturb = (line) => {
        const { pass } = line;
        line.pass = () => {
          line.pass = pass;
          line.client.write(answer);
        };
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await once(proxy.close(), 'close');
    },
  };
}

interface Line {
  readonly client: Socket;
  /** What is not let through. */
  held: Buffer[] | undefined;
  pass(message: Buffer): void;
  answered(): void;
}
