import type { LambdaManifest } from '../lambda.js';
import { STEPS } from '../step.js';

/** The exports of a rotator's module. Those of a CommonJS module are in `default`. */
export interface Exports {
  readonly handler?: unknown;
  readonly lambda?: unknown;
  readonly default?: Omit<Exports, 'default'>;
}

/**
 * Checks what a module exports as `lambda`: its author may have written it without types.
 *
 * @throws TypeError naming the member that is invalid
 */
export function assertManifest(lambda: unknown): asserts lambda is LambdaManifest {
  if (!isObject(lambda)) throw new TypeError('the module does not export "lambda", made by defineLambda()');
  for (const [member, { isOne, what, isOptional }] of Object.entries(MEMBERS)) {
    const value = lambda[member];
    if (!(isOptional && value === undefined) && !isOne(value)) {
      throw new TypeError(`"${member}" of its "lambda" must be ${what}`);
    }
  }
}

/**
 * Returns why a module did not load. For TypeScript that Node.js does not read, it says what to do.
 *
 * @param instead the alternative to compiling it
 */
export function whyNotLoaded(
  error: unknown,
  path: string,
  instead = ', or give the index.mjs that quarterturn bundle makes',
): string {
  if (!(error instanceof Error)) return 'it threw something that is not an Error';
  const { code } = error as NodeJS.ErrnoException;
  const isUnread = /\.[cm]?ts$/.test(path) && /^ERR_(?:UNKNOWN_FILE_EXTENSION|UNSUPPORTED_)/.test(code ?? '');
  if (!isUnread) return error.message;
  return `Node.js ${process.version} does not read this TypeScript (${error.message}): compile it${instead}`;
}

interface Member {
  readonly isOne: (value: unknown) => boolean;
  readonly what: string;
  readonly isOptional?: true;
}

const MEMBERS: Readonly<Record<keyof LambdaManifest, Member>> = {
  rotator: { isOne: (value) => typeof value === 'function', what: 'a function that returns the rotator' },
  environment: { isOne: isTexts, what: 'a list of names' },
  drivers: { isOne: isTexts, what: 'a list of packages' },
  permissions: {
    isOne: (value) => isList(value, (each) => isRight(each) && isOn(each.on)),
    what: 'a list of rights, each with action, on, steps and why',
  },
  onSecret: {
    isOne: (value) => isList(value, isRight),
    what: 'a list of rights, each with action, steps and why',
    isOptional: true,
  },
  timeoutSeconds: {
    isOne: (value) => isWhole(value, 900),
    what: 'a whole number of seconds from 1 to 900',
    isOptional: true,
  },
  isEnvironmentRequired: {
    isOne: (value) => typeof value === 'boolean',
    what: 'true or false',
    isOptional: true,
  },
  lifetime: {
    isOne: (value) =>
      isObject(value) &&
      isWhole(value.mostDays) &&
      (value.defaultDays === undefined || isWhole(value.defaultDays)),
    what: 'whole numbers of days: mostDays, and defaultDays if keys end by default',
    isOptional: true,
  },
};

function isRight(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    isObject(value) &&
    typeof value.action === 'string' &&
    typeof value.why === 'string' &&
    isList(value.steps, (step) => STEPS.some((each) => each === step))
  );
}

function isOn(value: unknown): boolean {
  return (
    value === 'administrator' || (isObject(value) && typeof value.name === 'string' && isTexts(value.arns))
  );
}

function isTexts(value: unknown): boolean {
  return isList(value, (each) => typeof each === 'string');
}

function isList(value: unknown, isOne: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isWhole(value: unknown, most = Number.MAX_SAFE_INTEGER): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
