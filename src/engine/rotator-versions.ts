import { isError, isRotationError, RotationError } from '../errors.js';
import { attribute } from '../redact/said-by.js';
import type { AbandonedVersion, Rotator, Versions } from '../rotator.js';
import type { RotationEvent } from './event.js';
import { assertSameTarget } from './field-checks.js';
import type { Label, SecretString } from './secret-string.js';
import { type SecretValues, secretOrNone } from './secret-values.js';
import type { SecretsManagerApi } from './secrets-manager.js';
import type { Snapshot } from './snapshot.js';

interface Source<Secret extends object, Field extends keyof Secret & string> {
  readonly rotator: Rotator<Secret, Field>;
  readonly client: SecretsManagerApi;
  readonly event: RotationEvent;
  readonly values: SecretValues;
}

/** Parses the versions of a secret for its rotator. */
export interface RotatorVersions<Secret> {
  /** @throws {@link RotationError} `ERR_SECRET_MALFORMED` if the rotator refuses the value */
  parse(stored: SecretString): Secret;
  /**
   * Returns what setSecret and finishSecret of a rotator get.
   *
   * @param previousId version that `previous()` reads; if absent, it reads none
   * @throws {@link RotationError} `ERR_PENDING_MISMATCH`
   */
  versions(seen: Snapshot, previousId: string | undefined): Versions<Secret>;
}

export function rotatorVersions<Secret extends object, Field extends keyof Secret & string>({
  rotator,
  client,
  event,
  values,
}: Source<Secret, Field>): RotatorVersions<Secret> {
  return { parse, versions };

  function parse({ json, owner }: SecretString): Secret {
    try {
      return rotator.parse(structuredClone(json));
    } catch (cause) {
      const problem = isError(cause) ? `: ${cause.message}` : '';
      const message = `${owner} is not a ${rotator.name} secret${problem}`;
      const failure = new RotationError('ERR_SECRET_MALFORMED', message, {
        hint:
          (isRotationError(cause) ? cause.hint : undefined) ??
          (owner === 'AWSPENDING' ? PENDING_HINT : undefined),
        cause,
      });
      if (!rotator.ownWords) attribute(failure, 'others');
      throw failure;
    }
  }

  function versions(seen: Snapshot, previousId: string | undefined): Versions<Secret> {
    const pending = required(seen.pending, 'AWSPENDING');
    const current = required(seen.current, 'AWSCURRENT');
    assertSameTarget(pending.json, current.json, rotator);
    let previous: Promise<Secret | undefined> | undefined;
    return {
      pending: parse(pending),
      current: parse(current),
      previous() {
        previous ??=
          previousId === undefined ? Promise.resolve(undefined) : readById(previousId, 'AWSPREVIOUS');
        // Else it would be an unhandled rejection in a rotator that does not wait.
        previous.catch(() => {});
        return previous;
      },
      abandoned,
    };
  }

  async function abandoned(): Promise<readonly AbandonedVersion<Secret>[]> {
    const listed = await listVersions(client, event);
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
        read: () => readById(id),
      }));
  }

  /** By id: between two deliveries of a step the label may have moved to a version in use. */
  function readById(VersionId: string, owner?: string): Promise<Secret | undefined> {
    return secretOrNone(values.read({ VersionId }, owner).then(parse));
  }
}

/** Lists all versions, including those without a label. */
async function listVersions(client: SecretsManagerApi, { SecretId }: RotationEvent) {
  const found: { readonly id: string; readonly labels: readonly string[]; readonly createdAt: Date }[] = [];
  if (!client.listSecretVersionIds) {
    throw new RotationError('ERR_SECRETS_MANAGER_FAILED', 'the client has no method listSecretVersionIds');
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
  'nobody can correct a stored version: before you remove its label, find out whether the service accepts it already';

/** Returns the value of a label that the step reads. */
export function required(stored: SecretString | undefined, label: Label): SecretString {
  if (!stored) throw new RotationError('ERR_PENDING_MISSING', `${label} was not read`);
  return stored;
}
