import { CHECKS, type Check, type RotatingSecret } from '../secret.js';
import { SecretError } from '../secret-error.js';

/** The login in a database's secret, in AWS's fields. */
export interface DatabaseLogin {
  readonly username: string;
  readonly password: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly dbname: string | undefined;
}

/** Makes a value without a login invalid: the last one stays in use, and an event reports it. */
export function mustHaveLogin(secret: RotatingSecret<unknown>): void {
  const { [CHECKS]: checks } = secret as { readonly [CHECKS]?: Set<Check> };
  checks?.add(whatIsWrong);
}

function whatIsWrong(secretId: string, value: unknown): string | undefined {
  try {
    loginOf(secretId, value);
    return undefined;
  } catch (error) {
    return (error as SecretError).message;
  }
}

/** @throws SecretError without the value, if a field is missing or invalid */
export function loginOf(secretId: string, value: unknown): DatabaseLogin {
  const fields: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null ? { ...value } : {};
  const text = (name: string): string => {
    const field = fields[name];
    if (typeof field === 'string' && field !== '') return field;
    throw new SecretError(
      'ERR_SECRET_MALFORMED',
      secretId,
      `"${name}" in the value of ${secretId} must be a nonempty string`,
    );
  };
  const optional = (name: string) => (fields[name] === undefined ? undefined : text(name));
  const port = fields.port === undefined ? undefined : Number(fields.port);
  if (port !== undefined && !(port > 0 && port < 65_536)) {
    throw new SecretError(
      'ERR_SECRET_MALFORMED',
      secretId,
      `"port" in the value of ${secretId} must be from 1 to 65535`,
    );
  }
  return {
    username: text('username'),
    password: text('password'),
    host: optional('host'),
    port,
    dbname: optional('dbname'),
  };
}
