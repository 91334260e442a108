import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';

/** A row of an answer, by column names. */
export type Row = Readonly<Record<string, unknown>>;

type Answered = (error: unknown, rows: unknown, fields: unknown) => void;

/** Parts of mysql2 3 that have no option or no type. */
interface Internals {
  stream: Socket;
  readonly packetParser: { execute(packet: Buffer): void };
  /** Sequence number of the next packet, from either side. */
  readonly sequenceId: number;
  readonly _isMariaDB: boolean;
  readonly constructor: {
    createQuery(options: object, answered: Answered, none: undefined, config: Connection['config']): unknown;
  };
  startTLS(onSecure: (error?: Error) => void): void;
  write(packet: Buffer): void;
  addCommand(command: unknown): void;
  _handleNetworkError(error: Error): void;
}

export function internals(connection: Connection): Internals {
  return connection as unknown as Internals;
}

/**
 * Runs a statement without mysql2's `query()`, which publishes each statement on a diagnostics channel, where tracing agents
 * read it.
 *
 * @returns an empty list for a statement without rows
 * @throws Error with the server's error number, without the statement, which mysql2 puts into its errors
 */
export function ask(connection: Connection, sql: string): Promise<readonly Row[]> {
  const inside = internals(connection);
  return new Promise((resolve, reject) => {
    const answered: Answered = (error, rows, fields) => {
      if (error) reject(withoutStatement(error));
      else if (fields === undefined) resolve([]);
      else resolve(table(rows, fields));
    };
    const options = { sql, rowsAsArray: true };
    inside.addCommand(inside.constructor.createQuery(options, answered, undefined, connection.config));
  });
}

/** Builds the rows here: mysql2's objects mishandle a column named `__proto__`. */
function table(rows: unknown, fields: unknown): readonly Row[] {
  if (!Array.isArray(rows) || !Array.isArray(fields)) return [];
  const names = fields.map((field: unknown) => String(partOf(field, 'name')));
  return rows.map((row: unknown) =>
    Object.fromEntries(names.map((name, index) => [name, Array.isArray(row) ? row[index] : undefined])),
  );
}

function withoutStatement(error: unknown): Error {
  const [errno, code] = [partOf(error, 'errno'), partOf(error, 'code')];
  return Object.assign(new Error('a statement failed'), { errno, code });
}

function partOf(thing: unknown, name: string): unknown {
  return typeof thing === 'object' && thing !== null ? Reflect.get(thing, name) : undefined;
}
