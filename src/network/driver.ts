import { RotationError } from '../errors.js';
import { errorParts } from './failures.js';

/**
 * Loads a package that only those install who need it, whatever version of it they have.
 *
 * @param tried the package with the versions that it was tried in, as `npm install` takes it: `nodemailer@^10.6.1`
 * @param load imports the package, or the module that does
 * @param fits whether what was loaded can be used: older versions may lack something
 * @returns what was loaded
 * @throws RotationError `ERR_ROTATOR_FAILED` that names what to install, if the package is missing or cannot be used
 */
export async function loadDriver<T>(
  tried: string,
  load: () => Promise<T>,
  fits: (loaded: T) => boolean = () => true,
): Promise<T> {
  const name = tried.slice(0, tried.lastIndexOf('@'));
  const failure = (problem: string, cause?: unknown) =>
    new RotationError('ERR_ROTATOR_FAILED', `${name} ${problem}`, {
      hint: `run \`npm install ${tried}\`, and deploy the function with it`,
      ...(cause !== undefined && { cause }),
    });
  let loaded: T;
  try {
    loaded = await load();
  } catch (error) {
    if (/^(ERR_)?MODULE_NOT_FOUND$/.test(errorParts(error).code)) throw failure('is not installed', error);
    // An ES module that asks another for a name that it does not export.
    if (error instanceof SyntaxError) throw failure('cannot be used in the version that is installed', error);
    throw error;
  }
  if (!fits(loaded)) throw failure('cannot be used in the version that is installed');
  return loaded;
}
