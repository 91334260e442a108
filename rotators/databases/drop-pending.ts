import { isRotationError, RotationError, type StepContext } from '../../src/index.js';

/** Returns the end of a hint: the call that drops a refused password, where that is safe. */
export function dropPending({ secretId, token }: StepContext): string {
  return (
    'Nothing was changed on the server. Drop the refused password, and the next rotation makes another: ' +
    `aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING ` +
    `--remove-from-version-id ${token}`
  );
}

/** Adds {@link dropPending} to the hint of a refused password. Use it only where AWSCURRENT is known to work. */
export function orDropPending(error: unknown, context: StepContext): unknown {
  if (!isRotationError(error) || error.code !== 'ERR_VALUE_REFUSED') return error;
  return new RotationError(error.code, error.message, { hint: `${error.hint}. ${dropPending(context)}` });
}
