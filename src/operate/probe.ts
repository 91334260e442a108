import { isDeepStrictEqual } from 'node:util';
import { Deadline } from '../engine/deadline.js';
import { differingField } from '../engine/field-checks.js';
import { rotatorVersions } from '../engine/rotator-versions.js';
import type { SecretString } from '../engine/secret-string.js';
import { isNoSecret, secretValues } from '../engine/secret-values.js';
import { isRefusal, type SecretsManagerApi, withDeadline } from '../engine/secrets-manager.js';
import { isError, isRotationError, RotationError } from '../errors.js';
import type { HiddenValues } from '../redact/hidden-values.js';
import { Redactor } from '../redact/redactor.js';
import { saidByOthers, saidByUs } from '../redact/said-by.js';
import type { Rotator, StepContext } from '../rotator.js';
import type { Reason, VersionVerdict } from './label-state.js';

/** What {@link probe} needs to try the versions of one secret. */
export interface Probing<Secret extends object, Field extends keyof Secret & string> {
  readonly client: SecretsManagerApi;
  readonly rotator: Rotator<Secret, Field>;
  /** The ARN. */
  readonly secretId: string;
  /** Collects every value that is read, to keep it out of texts. */
  readonly hidden: HiddenValues;
}

/** The value of a version, as stored and as the rotator reads it. */
export interface Readable<Secret> {
  readonly stored: SecretString;
  readonly secret: Secret;
}

/** The value of a version, or why there is no value to try. */
export type Candidate<Secret> =
  | Readable<Secret>
  | { readonly verdict: VersionVerdict; readonly reason?: Reason };

/** Reads versions through the engine's gate, and tries them with the rotator's testSecret. Writes nothing. */
export function probe<Secret extends object, Field extends keyof Secret & string>({
  client,
  rotator,
  secretId,
  hidden,
}: Probing<Secret, Field>) {
  return { read, tryOut, differsFrom, isCopyOf };

  async function read(id: string): Promise<Candidate<Secret>> {
    return within(async (api) => {
      try {
        const values = secretValues({ client: api, hidden, rotator, secretId });
        const stored = await values.read({ VersionId: id });
        const event = { Step: 'testSecret', SecretId: secretId, ClientRequestToken: id } as const;
        return { stored, secret: rotatorVersions({ rotator, client: api, event, values }).parse(stored) };
      } catch (error) {
        if (isRefusal(error, 'ResourceNotFoundException')) return { verdict: 'empty' };
        return { verdict: isNoSecret(error) ? 'malformed' : 'unknown', reason: reasonOf(error) };
      }
    });
  }

  /** Uses a value as an application would. Only the service's own refusal makes it `refused`. */
  async function tryOut(id: string, secret: Secret): Promise<{ verdict: VersionVerdict; reason?: Reason }> {
    return within(async (api, deadline) => {
      try {
        const context = contextOf(id, api, deadline);
        const test = () => rotator.testSecret(secret, context);
        const said = rotator.ownWords ? test : () => saidByOthers(test);
        const verdict: unknown = await deadline.during(`testSecret of ${rotator.name}`, NO_ANSWER, said);
        if (verdict === 'accepted') return { verdict };
        if (verdict === 'rejected') return { verdict: 'refused' };
        return {
          verdict: 'unknown',
          reason: {
            code: 'ERR_ROTATOR_FAILED',
            message: 'testSecret returned neither "accepted" nor "rejected"',
          },
        };
      } catch (error) {
        const reason = reasonOf(error);
        // The service did not look at the password, or ignored it.
        return { verdict: reason.code === 'ERR_LOGIN_NOT_ALLOWED' ? 'locked' : 'unknown', reason };
      }
    });
  }

  /** Returns why a version must not be tried: it differs from AWSCURRENT in a field such as the host, or names another user. */
  function differsFrom(current: Readable<Secret>, version: Readable<Secret>): Reason | undefined {
    try {
      const field = differingField(version.stored.json, current.stored.json, rotator);
      if (field !== undefined) {
        throw new RotationError('ERR_PENDING_MISMATCH', `it differs from AWSCURRENT in "${field}"`, {
          hint: 'find out who stored it, and when',
        });
      }
      if (rotator.belongs?.(version.secret, current.secret) ?? true) return undefined;
      throw new RotationError('ERR_PENDING_MISMATCH', 'it names a user that this rotator does not rotate', {
        hint: 'find out who stored it, and whether the rotator had other users configured then',
      });
    } catch (error) {
      return reasonOf(error);
    }
  }

  function isCopyOf(current: SecretString, { json }: SecretString): boolean {
    return rotator.rotates.every((field) => isDeepStrictEqual(json[field], current.json[field]));
  }

  async function within<T>(work: (api: SecretsManagerApi, deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = new Deadline(undefined);
    try {
      return await work(withDeadline(client, deadline), deadline);
    } finally {
      deadline.end();
    }
  }

  function contextOf(token: string, api: SecretsManagerApi, deadline: Deadline): StepContext {
    const values = secretValues({ client: api, hidden, rotator, secretId });
    return {
      secretId,
      token,
      signal: deadline.signal,
      get leftMs() {
        return Math.max(0, deadline.leftMs);
      },
      confirm: () => Promise.reject(new RotationError('ERR_NOT_CONFIRMED', 'a test changes nothing')),
      readSecret: (id, shows = []) => saidByUs(values.other(id, shows)),
      describeSecret: (id) => saidByUs(api.describeSecret({ SecretId: id })),
      hide: (secret) => hidden.hide(String(secret)),
      warn: () => {},
    };
  }

  /** Returns code, message and hint, without a value. */
  function reasonOf(error: unknown): Reason {
    const scrubbed = new Redactor(hidden).error(error);
    if (isRotationError(scrubbed)) {
      const { code, message, hint } = scrubbed;
      return { code, message, ...(hint !== undefined && { hint }) };
    }
    const cause = isError(scrubbed.cause) ? `: ${scrubbed.cause.message}` : '';
    return { code: 'ERR_ROTATOR_FAILED', message: `${scrubbed.message}${cause}` };
  }
}

const NO_ANSWER =
  'nothing answered: check VPN, routes and security groups from here to the service, or run this where the function runs';
