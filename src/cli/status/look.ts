import type { Filter, SecretListEntry, SecretVersionsListEntry } from '@aws-sdk/client-secrets-manager';
import { isRotationError, type RotationError } from '../../errors.js';
import { errorParts } from '../../network/failures.js';
import { type Timeline, timelineOf } from '../../operate/timeline.js';
import type { SecretArgument } from '../aws/secret-argument.js';
import { Clients, type OperatorApi } from '../aws/secrets-manager.js';
import type { StatusOptions, Tag } from './options.js';

/** A secret that could not be looked at. */
interface Unseen {
  readonly secretId: string;
  readonly error: RotationError;
}

/** The secrets as seen at one time. */
export interface Look {
  readonly timelines: readonly Timeline[];
  readonly unseen: readonly Unseen[];
}

/** So many secrets are described at the same time. */
const AT_ONCE = 5;

/** Looks at the secrets that the command line names. */
export class Lookout {
  readonly #options: StatusOptions;
  readonly #clients: Clients;

  constructor(options: StatusOptions) {
    this.#options = options;
    this.#clients = new Clients(options.connection);
  }

  async look(): Promise<Look> {
    const { secrets, isFresh, tags } = this.#options;
    if (secrets) return this.#describeAll(secrets);
    const client = await this.#clients.for();
    const entries: SecretListEntry[] = [];
    for await (const entry of secretsWith(client, tags)) entries.push(entry);
    if (!isFresh) return { timelines: entries.map((entry) => this.#timeline(entry)), unseen: [] };
    const arns = entries.map(({ ARN: id = '' }) => ({ id, region: this.#options.connection.region }));
    return this.#describeAll(arns);
  }

  async #describeAll(secrets: readonly SecretArgument[]): Promise<Look> {
    const found = new Map<SecretArgument, Timeline | RotationError>();
    const waiting = secrets.values();
    const worker = async () => {
      for (const secret of waiting) {
        found.set(
          secret,
          await this.#describe(secret).catch((error: unknown) => {
            if (isRotationError(error)) return error;
            throw error;
          }),
        );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const timelines: Timeline[] = [];
    const unseen: Unseen[] = [];
    for (const secret of secrets) {
      const one = found.get(secret);
      if (isRotationError(one)) unseen.push({ secretId: secret.id, error: one });
      else if (one) timelines.push(one);
    }
    return { timelines, unseen };
  }

  async #describe({ id, region }: SecretArgument): Promise<Timeline> {
    const client = await this.#clients.for(region);
    const described = await client.describeSecret({ SecretId: id });
    const versions = await versionsOf(client, id).catch((error: unknown) => {
      // A separate right, only for ages.
      if (isRotationError(error) && errorParts(error.cause).name === 'AccessDeniedException')
        return undefined;
      throw error;
    });
    return this.#timeline(described, versions);
  }

  #timeline(
    secret: Parameters<typeof timelineOf>[0],
    versions?: readonly SecretVersionsListEntry[] | undefined,
  ): Timeline {
    const { stuckAfterMs } = this.#options;
    return timelineOf(secret, versions, { now: new Date(), stuckAfterMs });
  }
}

async function versionsOf(
  client: OperatorApi,
  SecretId: string,
): Promise<readonly SecretVersionsListEntry[]> {
  const found: SecretVersionsListEntry[] = [];
  let token: string | undefined;
  do {
    const { Versions = [], NextToken } = await client.listSecretVersionIds({
      SecretId,
      ...(token !== undefined && { NextToken: token }),
    });
    found.push(...Versions);
    token = NextToken;
  } while (token !== undefined);
  return found;
}

/** The secrets that have all the tags. */
async function* secretsWith(client: OperatorApi, tags: readonly Tag[]): AsyncGenerator<SecretListEntry> {
  // AWS refuses more than ten.
  const Filters = tags.flatMap(filtersOf).slice(0, 10);
  let token: string | undefined;
  do {
    const { SecretList = [], NextToken } = await client.listSecrets({
      MaxResults: 100,
      ...(Filters.length > 0 && { Filters }),
      ...(token !== undefined && { NextToken: token }),
    });
    yield* SecretList.filter(({ Tags = [] }) =>
      tags.every(({ key, value }) => Tags.some(({ Key, Value = '' }) => Key === key && Value === value)),
    );
    token = NextToken;
  } while (token !== undefined);
}

/**
 * Returns filters that shorten the list. They match beginnings, and the key of one tag with the value of another, so each
 * entry is checked afterwards. A text that begins with ! would negate a filter.
 */
function filtersOf({ key, value }: Tag): Filter[] {
  const isPlain = (text: string) => /^[a-zA-Z0-9 :_@/+=.-]{1,256}$/.test(text);
  return [
    ...(isPlain(key) ? [{ Key: 'tag-key' as const, Values: [key] }] : []),
    ...(isPlain(value) ? [{ Key: 'tag-value' as const, Values: [value] }] : []),
  ];
}
