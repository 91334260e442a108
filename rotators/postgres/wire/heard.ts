import type { Client } from 'pg';

/** What a server and a connection say while nobody waits for it. */
export interface Heard {
  isTaken: boolean;
  iterations: number | undefined;
  major: number | undefined;
  /** A connection that breaks between two queries has nobody else to tell; the next query fails, and says less. */
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
