import {
  type HttpResponse,
  type ListedKey,
  RotationError,
  type StepContext,
  stringField,
} from '../../src/index.js';
import { patientRequest } from './patient-request.js';

/** An application, and the token of an application that may change its passwords. */
export interface Access {
  readonly clientId: string;
  readonly token: string;
  /** Origin of Microsoft Graph. */
  readonly origin: string;
  readonly context: StepContext;
}

/** Adds a password, and returns its id and value. Graph shows the value only once, in this answer. */
export async function addPassword(
  access: Access,
  password: { readonly displayName: string; readonly endDateTime?: string },
): Promise<{ keyId: string; clientSecret: string }> {
  const response = await call('add a password to', access, '/addPassword', { passwordCredential: password });
  if (response.status !== 200) throw tooMany(response, access) ?? response.failure();
  const json = response.json();
  if (!isObject(json)) throw unreadable(access);
  try {
    return { keyId: stringField(json, 'keyId'), clientSecret: stringField(json, 'secretText') };
  } catch {
    throw unreadable(access);
  }
}

/** All passwords of the application: Graph does not page them. */
export async function listPasswords(access: Access): Promise<readonly ListedKey[]> {
  const response = await call('list the passwords of', access, '?$select=passwordCredentials');
  if (response.status !== 200) throw response.failure();
  const json = response.json();
  if (!isObject(json) || !Array.isArray(json.passwordCredentials)) throw unreadable(access);
  return json.passwordCredentials.map((entry: unknown) => {
    if (!isObject(entry) || typeof entry.keyId !== 'string') throw unreadable(access);
    return {
      id: entry.keyId,
      name: typeof entry.displayName === 'string' ? entry.displayName : undefined,
      // The start of its validity: for passwords made here, also the time of their creation.
      createdAt: new Date(typeof entry.startDateTime === 'string' ? entry.startDateTime : 0),
      expiresAt: typeof entry.endDateTime === 'string' ? new Date(entry.endDateTime) : undefined,
    };
  });
}

/** Removes a password. Graph does not document its answer for a missing one: the list decides then. */
export async function removePassword(access: Access, keyId: string): Promise<void> {
  const response = await call('remove a password of', access, '/removePassword', { keyId });
  if (response.status === 204) return;
  const mayBeGone = response.status === 400 || response.status === 404;
  if (mayBeGone && !(await listPasswords(access)).some(({ id }) => id === keyId)) return;
  throw response.failure();
}

/** Returns the error for an application without room for another password. Graph's codes: https://learn.microsoft.com/graph/errors */
function tooMany(response: HttpResponse, { clientId }: Access): RotationError | undefined {
  if (response.status !== 400 && response.status !== 403) return undefined;
  const json = response.json();
  const error = isObject(json) && isObject(json.error) ? json.error : {};
  const details = Array.isArray(error.details) ? error.details.filter(isObject) : [];
  const isFull = [error, ...details].some(({ code }) => /^TooMany|Quota|LimitExceeded/.test(String(code)));
  if (!isFull) return undefined;
  const message = `the application ${clientId} has as many passwords as it can have`;
  return new RotationError('ERR_SERVICE_FULL', message, {
    hint: 'remove one that nobody uses. Applications for personal Microsoft accounts can have two',
  });
}

function call(
  doing: string,
  { clientId, token, origin, context }: Access,
  action: string,
  body?: object,
): Promise<HttpResponse> {
  return patientRequest(
    {
      doing: `${doing} the application ${clientId}`,
      url: `${origin}/v1.0/applications(appId='${clientId}')${action}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    },
    context,
  );
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function unreadable({ clientId }: Access): RotationError {
  const message = `Microsoft Graph’s answer about the application ${clientId} does not match its documentation`;
  return new RotationError('ERR_SERVICE_FAILED', message);
}
