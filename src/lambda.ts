import type { RotatorNeeds } from './permissions.js';
import type { Rotator } from './rotator.js';

/**
 * A rotator as it is deployed: how it is made, and what its function needs. One `lambda.ts` beside each rotator exports
 * it as `lambda`, and all else is made of that: the bundle, what `quarterturn policy` prints, the function that
 * `quarterturn local` runs.
 *
 * @typeParam Secret the rotator's parsed secret
 * @typeParam Field the names of the fields that change
 * @typeParam Variable the environment variables that the function reads
 */
export interface LambdaManifest<
  Secret extends object = object,
  Field extends keyof Secret & string = never,
  Variable extends string = string,
> extends RotatorNeeds {
  /**
   * Makes the rotator, when the function is loaded, of the environment variables that `environment` names. What it throws
   * keeps the function from being loaded.
   */
  readonly rotator: (
    environment: {
      readonly [Name in Variable]?: string | undefined;
    },
  ) => Rotator<Secret, Field>;
  readonly environment: readonly Variable[];
  /** The packages that it loads in the step that uses them. A bundle must not load them before. */
  readonly drivers: readonly string[];
}

/**
 * Declares how a rotator is deployed. It does nothing else: what imports a `lambda.ts` makes no rotator, and needs no
 * environment variable.
 *
 * @example
 * ```ts
 * import { defineLambda } from 'quarterturn';
 * import { gate } from './gate.js';
 *
 * export const lambda = defineLambda({
 *   rotator: () => gate(),
 *   environment: [],
 *   permissions: [],
 *   drivers: [],
 * });
 * ```
 */
export function defineLambda<
  Secret extends object,
  Field extends keyof Secret & string,
  const Variable extends string,
>(manifest: LambdaManifest<Secret, Field, Variable>): LambdaManifest<Secret, Field, Variable> {
  return manifest;
}
