import type { RotatorNeeds } from './permissions.js';
import type { Rotator } from './rotator.js';

/**
 * Declaration of how a rotator is deployed: how to make it, and what its function needs. The `lambda.ts` beside each rotator
 * exports one as `lambda`. The bundle, the output of `quarterturn policy` and the function of `quarterturn local` derive
 * from it.
 *
 * @typeParam Secret the rotator's parsed secret
 * @typeParam Field the names of the fields that change
 * @typeParam Variable the names of the environment variables that the function reads
 */
export interface LambdaManifest<
  Secret extends object = object,
  Field extends keyof Secret & string = never,
  Variable extends string = string,
> extends RotatorNeeds {
  /**
   * Makes the rotator from the environment variables that `environment` names. Called once, when Lambda loads the function;
   * if it throws, the function does not load.
   */
  readonly rotator: (
    environment: {
      readonly [Name in Variable]?: string | undefined;
    },
  ) => Rotator<Secret, Field>;
  /** Environment variables that the function reads. */
  readonly environment: readonly Variable[];
  /** Packages that the rotator loads in the step that uses them. A bundle must not load them earlier. */
  readonly drivers: readonly string[];
}

/**
 * Declares how a rotator is deployed, and returns the declaration unchanged. Importing a `lambda.ts` therefore makes no
 * rotator and needs no environment variable.
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
