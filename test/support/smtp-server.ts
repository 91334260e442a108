import { createInterface } from 'node:readline';
import { createServer, type TLSSocket } from 'node:tls';
import { listening } from './listening.js';
import { certificate } from './postgres.js';

/** A mail server that takes logins (AUTH PLAIN) over TLS, and no mail. */
export class SmtpServer {
  /** Whether it lets somebody in. */
  accepts: (username: string, password: string) => boolean = () => false;
  /** The commands that it was sent, without their arguments. */
  readonly commands: string[] = [];
  /** Answers the next login with this instead. */
  nextAnswer: string | undefined;
  /** Breaks every connection. */
  isUnplugged = false;
  readonly port: number;
  readonly #stop: () => void;

  private constructor(port: number, stop: () => void) {
    this.port = port;
    this.#stop = stop;
  }

  static async start(): Promise<SmtpServer> {
    const [cert, key] = await Promise.all([certificate('server.pem'), certificate('server.key')]);
    const sockets = new Set<TLSSocket>();
    const listener = createServer({ cert, key }, (socket) => {
      sockets.add(socket);
      server.#talk(socket);
    });
    const server = new SmtpServer(await listening(listener), () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    return server;
  }

  stop(): void {
    this.#stop();
  }

  #talk(socket: TLSSocket): void {
    socket.on('error', () => {});
    if (this.isUnplugged) {
      socket.destroy();
      return;
    }
    socket.write('220 email-smtp.amazonaws.com ESMTP\r\n');
    createInterface({ input: socket }).on('line', (line) => socket.write(`${this.#answer(line)}\r\n`));
  }

  #answer(line: string): string {
    const [command = '', , argument = ''] = line.split(' ');
    this.commands.push(command);
    switch (command) {
      case 'EHLO':
        return '250-email-smtp.amazonaws.com\r\n250-AUTH PLAIN LOGIN\r\n250 Ok';
      case 'AUTH': {
        const [, username = '', password = ''] = Buffer.from(argument, 'base64').toString().split('\0');
        const isAccepted = this.accepts(username, password);
        const answer =
          this.nextAnswer ??
          (isAccepted ? '235 Authentication successful.' : '535 Authentication Credentials Invalid');
        this.nextAnswer = undefined;
        return answer;
      }
      case 'QUIT':
        return '221 Bye';
      default:
        return '502 Command not implemented';
    }
  }
}
