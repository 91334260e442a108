import { jsonObject } from '../json.js';
import type { LambdaManifest } from '../lambda.js';
import { type RotationHandler, rotationHandler } from './handler.js';

/** The variable with the others in it: CloudFormation makes no variables of one parameter. */
const CUSTOM = 'CUSTOM_ENVIRONMENT';

/**
 * Makes the Lambda handler of a manifest, as `quarterturn bundle` does. The environment variable `CUSTOM_ENVIRONMENT` may
 * hold variables that the manifest names, as a JSON object of strings: the handler sets them before it makes the rotator.
 *
 * @throws TypeError that quotes no value if `CUSTOM_ENVIRONMENT` is malformed, sets a variable that the manifest does not
 *   name, or sets one that the function's environment sets to another text
 *
 * @example
 * ```ts
 * import { lambdaHandler } from 'quarterturn';
 * import { lambda } from './lambda.js';
 *
 * export const handler = lambdaHandler(lambda);
 * ```
 */
export function lambdaHandler<Secret extends object, Field extends keyof Secret & string>(
  manifest: LambdaManifest<Secret, Field>,
): RotationHandler {
  // Set, and not only passed on: a rotator may be made of others, which read process.env.
  Object.assign(process.env, customVariables(manifest.environment));
  return rotationHandler(manifest.rotator(process.env));
}

function customVariables(declared: readonly string[]): Readonly<Record<string, string>> {
  const text = process.env[CUSTOM];
  if (text === undefined) return {};
  const fields = jsonObject(text);
  if (fields === undefined) {
    throw new TypeError(`${CUSTOM} must be a JSON object of strings, such as {"NAME":"text"}`);
  }
  const variables = Object.entries(fields).map(([name, value]) => {
    if (!declared.includes(name)) throw new TypeError(undeclared(name, declared));
    if (typeof value !== 'string') throw new TypeError(`"${name}" in ${CUSTOM} must be a string`);
    if ((process.env[name] ?? value) !== value) {
      throw new TypeError(
        `${CUSTOM} and the function's environment set "${name}" to different texts: remove one of them`,
      );
    }
    return [name, value] as const;
  });
  return Object.fromEntries(variables);
}

function undeclared(name: string, declared: readonly string[]): string {
  // What is no name of a variable may be anything.
  const which = /^[A-Za-z_]\w{0,63}$/.test(name) ? `"${name}"` : 'a name';
  const names = declared.length > 0 ? `it names ${declared.join(', ')}` : 'it names no variable';
  return `${CUSTOM} has ${which} that "environment" of the manifest does not name: ${names}`;
}
