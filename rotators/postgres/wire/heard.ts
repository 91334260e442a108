import type { Client } from 'pg';

/** Messages and errors that arrive while nobody waits for them. */
export interface Heard {
  /** Whether the server has taken the password. */
  isTaken: boolean;
  iterations: number | undefined;
  major: number | undefined;
  /** Error of a connection that broke between two queries: the next query's own error says less. */
  lost: unknown;
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

export function listenTo(client: Client): Heard {
  const heard: Heard = { isTaken: false, iterations: undefined, major: undefined, lost: undefined };
  client.connection.on('authenticationSASLContinue', ({ data }: { readonly data: string }) => {
    heard.iterations = Number(/(?:^|,)i=(\d{1,9})(?:,|$)/.exec(data)?.[1]);
  });
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameterName === 'server_version') heard.major = Number.parseInt(parameterValue, 10) || undefined;
  });
  client.connection.on('authenticationOk', () => {
    heard.isTaken = true;
  });
  client.on('error', (error) => {
    heard.lost ??= error;
  });
  return heard;
}
