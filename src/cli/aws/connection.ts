import type { OptionDeclaration } from '../command.js';
import { UsageError } from '../usage-error.js';

/** How Secrets Manager is reached: of every command that asks it. */
export const CONNECTION_OPTIONS = {
  profile: { value: '<name>', about: 'the profile of AWS’s configuration files; else AWS_PROFILE' },
  region: {
    value: '<region>',
    about: 'the Region; an ARN names its own, and without either it is AWS_REGION or the profile’s',
  },
  'endpoint-url': { value: '<url>', about: 'ask there, and not AWS: what quarterturn local prints' },
} as const satisfies Record<string, OptionDeclaration>;

interface ConnectionValues {
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly 'endpoint-url': string | undefined;
}

/** Which credentials and which endpoint a command uses. */
export interface Connection {
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/**
 * Reads the options of CONNECTION_OPTIONS.
 *
 * @throws UsageError
 */
export function readConnection({ profile, region, 'endpoint-url': endpoint }: ConnectionValues): Connection {
  if (region !== undefined && !/^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/.test(region)) {
    throw new UsageError(`--region takes a Region such as eu-west-1, not ${JSON.stringify(region)}`);
  }
  if (endpoint !== undefined) assertEndpoint(endpoint);
  return { profile, region, endpoint };
}

/** The same options again, for a command to copy: without them it could reach another account. Begins with a blank. */
export function sameAgain({ profile, region, endpoint }: Connection): string {
  const given = { profile, region, 'endpoint-url': endpoint };
  return Object.entries(given)
    .map(([option, value]) => (value === undefined ? '' : ` --${option} ${forShell(value)}`))
    .join('');
}

/** Returns a word as a shell reads it back. */
export function forShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function assertEndpoint(endpoint: string): void {
  const url = /^https?:\/\//i.test(endpoint) && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  // Not quoted: there may be a password in it.
  if (!url) throw new UsageError('--endpoint-url takes a URL that begins with https:// or http://');
  if (url.username || url.password) throw new UsageError('--endpoint-url must not have a password in it');
}
