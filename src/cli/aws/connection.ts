import type { OptionDeclaration } from '../command.js';
import { UsageError } from '../usage-error.js';

/** The options of every command that calls Secrets Manager. */
export const CONNECTION_OPTIONS = {
  profile: { value: '<name>', about: 'the AWS profile; without it, AWS_PROFILE' },
  region: {
    value: '<region>',
    about: 'the Region; an ARN names its own. Without either: AWS_REGION, or the profile’s Region',
  },
  'endpoint-url': {
    value: '<url>',
    about: 'send requests to this URL, not to AWS: quarterturn local prints one',
  },
} as const satisfies Record<string, OptionDeclaration>;

interface ConnectionValues {
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly 'endpoint-url': string | undefined;
}

/** The profile, Region and endpoint that a command uses. */
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

/** Returns the same options for a command to copy, with a leading blank: without them it could reach another account. */
export function sameAgain({ profile, region, endpoint }: Connection): string {
  const given = { profile, region, 'endpoint-url': endpoint };
  return Object.entries(given)
    .map(([option, value]) => (value === undefined ? '' : ` --${option} ${forShell(value)}`))
    .join('');
}

/** Returns a text quoted for a shell, where it needs quotes. */
export function forShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function assertEndpoint(endpoint: string): void {
  const url = /^https?:\/\//i.test(endpoint) && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  // The URL is not in the message: it may contain a password.
  if (!url) throw new UsageError('--endpoint-url takes a URL that begins with https:// or http://');
  if (url.username || url.password) throw new UsageError('--endpoint-url must not contain a password');
}
