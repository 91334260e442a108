import { RotationError } from '../errors.js';
import { errorParts } from './failures.js';

/**
 * Loads an optional package, in whatever version is installed, and returns it.
 *
 * @param tried package with the versions that it was tested in, as for `npm install`: `nodemailer@^10.6.1`
 * @param load imports the package, or a module that imports it
 * @param fits returns whether the loaded version has what the rotator needs; by default every version fits
 * @throws {@link RotationError} `ERR_ROTATOR_FAILED` that names what to install, if the package is missing or does not fit
 *
 * @example
 * ```ts
 * const smtp = () => loadDriver('nodemailer@^10.6.1', () => import('nodemailer'));
 * ```
 */
export async function loadDriver<T>(
  tried: string,
  load: () => Promise<T>,
  fits: (loaded: T) => boolean = () => true,
): Promise<T> {
  const name = tried.slice(0, tried.lastIndexOf('@'));
  const failure = (problem: string, cause?: unknown) =>
    new RotationError('ERR_ROTATOR_FAILED', `${name} ${problem}`, {
      hint: `run \`npm install ${tried}\` and deploy the function with it`,
      ...(cause !== undefined && { cause }),
    });
  let loaded: T;
  try {
    loaded = await load();
  } catch (error) {
    if (/^(ERR_)?MODULE_NOT_FOUND$/.test(errorParts(error).code)) throw failure('is not installed', error);
    // An ES module imports a name that the other does not export.
    if (error instanceof SyntaxError) throw failure('is installed in a version that does not fit', error);
    throw error;
  }
  if (!fits(loaded)) throw failure('is installed in a version that does not fit');
  return loaded;
}
