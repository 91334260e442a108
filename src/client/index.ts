export { type ClientEvent, onClientEvent } from './events.js';
export { isLoginRefused } from './failures.js';
export type { RotatingSecretOptions } from './options.js';
export type { LogInOptions } from './place.js';
export type { SecretReader } from './reader.js';
export { type GetOptions, type RotatingSecret, rotatingSecret } from './rotating-secret.js';
export { isSecretError, SecretError, type SecretErrorCode } from './secret-error.js';
export type { SecretVersion } from './version.js';
export { withSecret } from './with-secret.js';
