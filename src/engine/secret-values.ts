import { isError, isRotationError, RotationError } from '../errors.js';
import type { AbandonedVersion, Rotator, Versions } from '../rotator.js';
import { assertSameTarget } from './field-checks.js';
import { type Label, readSecretString, type SecretString } from './secret-string.js';
import { isRefusal, type SecretsManagerApi } from './secrets-manager.js';
import type { Snapshot } from './snapshot.js';

interface Source<Secret extends object, Field extends keyof Secret & string> {
  readonly rotator: Rotator<Secret, Field>;
  readonly client: SecretsManagerApi;
  readonly secretId: string;
  /** Is told of every value that is read. */
  readonly onRead: (value: SecretString) => void;
}

/** Reads stored values as the rotator's secrets. */
export interface SecretReader<Secret> {
  /** @throws RotationError `ERR_SECRET_MALFORMED` if the rotator does not take the value */
  parse(stored: SecretString, owner: string): Secret;
  /**
   * What setSecret and finishSecret of a rotator get.
   *
   * @param previousId the version that `previous()` reads, if it may read one
   * @throws RotationError `ERR_PENDING_MISMATCH`
   */
  versions(seen: Snapshot, previousId: string | undefined): Versions<Secret>;
}

export function secretReader<Secret extends object, Field extends keyof Secret & string>({
  rotator,
  client,
  secretId,
  onRead,
}: Source<Secret, Field>): SecretReader<Secret> {
  return { parse, versions };

  function parse({ json }: SecretString, owner: string): Secret {
    try {
      return rotator.parse(structuredClone(json));
    } catch (cause) {
      const problem = isError(cause) ? `: ${cause.message}` : '';
      throw new RotationError('ERR_SECRET_MALFORMED', `${owner} is not a ${rotator.name} secret${problem}`, {
        hint:
          (isRotationError(cause) ? cause.hint : undefined) ??
          (owner === 'AWSPENDING' ? PENDING_HINT : undefined),
        cause,
      });
    }
  }

  function versions(seen: Snapshot, previousId: string | undefined): Versions<Secret> {
    const [stored, storedCurrent] = [
      required(seen.pending, 'AWSPENDING'),
      required(seen.current, 'AWSCURRENT'),
    ];
    assertSameTarget(stored.json, storedCurrent.json, rotator);
    let previous: Promise<Secret | undefined> | undefined;
    return {
      pending: parse(stored, 'AWSPENDING'),
      current: parse(storedCurrent, 'AWSCURRENT'),
      previous() {
        previous ??=
          previousId === undefined ? Promise.resolve(undefined) : readById(previousId, 'AWSPREVIOUS');
        // A rotator may ask and not wait.
        previous.catch(() => {});
        return previous;
      },
      abandoned,
    };
  }

  async function abandoned(): Promise<readonly AbandonedVersion<Secret>[]> {
    const listed = await listVersions(client, secretId);
    const holder = (label: Label) => listed.find(({ labels }) => labels.includes(label));
    const [current, previous] = [holder('AWSCURRENT'), holder('AWSPREVIOUS')];
    return listed
      .filter(
        ({ labels, createdAt }) => labels.length === 0 && createdAt >= (previous?.createdAt ?? createdAt),
      )
      .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
      .map(({ id, createdAt }) => ({
        id,
        createdAt,
        isNewerThanCurrent: current !== undefined && createdAt >= current.createdAt,
        read: () => readById(id, `version ${id}`),
      }));
  }

  /** By id: between two deliveries of a step the label may have moved to what is in use. */
  async function readById(VersionId: string, owner: string): Promise<Secret | undefined> {
    try {
      const answer = await client.getSecretValue({ SecretId: secretId, VersionId });
      const stored = readSecretString(answer, owner, rotator.text);
      onRead(stored);
      return parse(stored, owner);
    } catch (error) {
      if (isNoSecret(error)) return undefined;
      throw error;
    }
  }
}

/** All versions, those without a label too. */
async function listVersions(client: SecretsManagerApi, SecretId: string) {
  const found: { readonly id: string; readonly labels: readonly string[]; readonly createdAt: Date }[] = [];
  if (!client.listSecretVersionIds) {
    throw new RotationError('ERR_SECRETS_MANAGER_FAILED', 'the client cannot list the versions of a secret');
  }
  let NextToken: string | undefined;
  do {
    const page = await client.listSecretVersionIds({
      SecretId,
      IncludeDeprecated: true,
      MaxResults: 100,
      ...(NextToken !== undefined && { NextToken }),
    });
    for (const { VersionId: id, VersionStages: labels = [], CreatedDate: createdAt } of page.Versions ?? []) {
      if (id !== undefined && createdAt !== undefined) found.push({ id, labels, createdAt });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

const PENDING_HINT =
  'a stored version cannot be corrected: find out whether the service takes it already, before its label is removed';

/** Whether a value was never a secret of this rotator's, or is gone: it is no help, but no obstacle either. */
export function isNoSecret(error: unknown): boolean {
  if (isRefusal(error, 'ResourceNotFoundException')) return true;
  return isRotationError(error) && NO_SECRET.has(error.code);
}

const NO_SECRET = new Set<string>(['ERR_SECRET_MALFORMED', 'ERR_DUPLICATE_KEYS']);

/** What the step has said that it reads. */
export function required(stored: SecretString | undefined, label: Label): SecretString {
  if (!stored) throw new RotationError('ERR_PENDING_MISSING', `${label} was not read`);
  return stored;
}
