import { isRotationError, RotationError, type StepContext } from '../../src/index.js';

/** The end of a hint: how to be rid of a password that the server refuses, where that is safe. */
export function dropPending({ secretId, token }: StepContext): string {
  return (
    'Nothing was changed on the server, so this drops the refused password, and the next rotation makes another: ' +
    `aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING ` +
    `--remove-from-version-id ${token}`
  );
}

/** Adds that to the hint of a refused password. Only where AWSCURRENT is known to work still. */
export function orDropPending(error: unknown, context: StepContext): unknown {
  if (!isRotationError(error) || error.code !== 'ERR_VALUE_REFUSED') return error;
  return new RotationError(error.code, error.message, { hint: `${error.hint}. ${dropPending(context)}` });
}
