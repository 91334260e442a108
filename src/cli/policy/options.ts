import type { PermissionTarget, RotatorNeeds } from '../../permissions.js';
import { loadManifest } from '../manifest.js';
import { rotatorsWith } from '../rotators.js';
import { UsageError } from '../usage-error.js';
import { type PolicyInput, USUAL_SCHEDULE } from './declaration.js';
import type { Named } from './grants.js';
import { assertOutlives, readLifetime, readSchedule } from './schedule.js';

type Format = 'text' | 'json' | 'terraform' | 'cdk' | 'custom-policy';

/** The options of `quarterturn policy`. */
export interface PolicyOptions {
  readonly rotator: string;
  /** Whether the rotator and its bundle come with this package. */
  readonly isOurs: boolean;
  readonly needs: RotatorNeeds;
  readonly named: Named;
  readonly functionArn: string | undefined;
  readonly isInVpc: boolean;
  readonly format: Format;
  /** A schedule expression. */
  readonly schedule: string | undefined;
  /** The days after which new keys expire, if given. */
  readonly lifetimeDays: number | undefined;
}

/**
 * Reads the command line.
 *
 * @throws UsageError
 */
export async function readOptions({ options: values, positionals }: PolicyInput): Promise<PolicyOptions> {
  const names = rotatorsWith('lambda.js').join(', ');
  const [what, ...rest] = positionals;
  if (what === undefined || rest.length > 0)
    throw new UsageError(`policy takes one rotator: ${names}, or the path of your own`);
  const { rotator, manifest: needs, isOurs } = await loadManifest(what);
  const format = formatOf(values);
  if (format === 'custom-policy') assertCustom(rotator, isOurs, values);
  const isDeployment = format === 'terraform' || format === 'cdk';
  const schedule = readSchedule(values.schedule) ?? (isDeployment ? USUAL_SCHEDULE : undefined);
  const lifetimeDays = readLifetime(values['lifetime-days'], rotator, needs);
  assertOutlives(rotator, needs, { schedule, days: lifetimeDays });
  return {
    rotator,
    isOurs,
    needs,
    named: readNamed(rotator, needs, values),
    functionArn: arn('function', values.function, FUNCTION, 'ARN of a function'),
    isInVpc: values.vpc,
    format,
    schedule,
    lifetimeDays,
  };
}

/** The options for which template.yaml has parameters. */
const OF_THE_TEMPLATE = ['kms', 'vpc', 'schedule', 'lifetime-days'] as const;

function assertCustom(rotator: string, isOurs: boolean, values: PolicyInput['options']): void {
  if (isOurs) {
    throw new UsageError(
      `template.yaml has the rights of ${rotator}: --custom-policy takes the path of a manifest of your own`,
    );
  }
  const [other] = OF_THE_TEMPLATE.filter((name) => values[name]);
  if (other) throw new UsageError(`--custom-policy and --${other} exclude each other`);
}

/** The options that `--for` may be combined with. */
const FOR_PEOPLE = ['for', 'secret', 'kms', 'function', 'json'];

/**
 * Reads a command line with `--for`.
 *
 * @throws UsageError
 */
export function readNamedForPeople({ options, positionals }: PolicyInput) {
  const [other] = Object.entries(options).filter(
    ([name, value]) => !FOR_PEOPLE.includes(name) && (Array.isArray(value) ? value.length > 0 : value),
  );
  if (positionals.length > 0) throw new UsageError('--for takes no rotator: it is not about a function');
  if (other) throw new UsageError(`--for and --${other[0]} exclude each other`);
  return {
    secret: arn('secret', options.secret, SECRET, FULL),
    key: arn('kms', options.kms, KEY, NO_ALIAS),
    functionArn: arn('function', options.function, FUNCTION, 'ARN of a function'),
  };
}

const FUNCTION = /^lambda:[\w-]+:\d{12}:function:[\w-]+$/;
const SECRET = /^secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@!-]+-\w{6}$/;
const FULL = 'full ARN of a secret, which ends in a hyphen and six characters';
const KEY = /^kms:[\w-]+:\d{12}:key\/[\w-]+$/;
const NO_ALIAS = 'ARN of a key (no alias)';

function readNamed(rotator: string, { permissions }: RotatorNeeds, values: PolicyInput['options']): Named {
  const secret = arn('secret', values.secret, SECRET, FULL);
  const secretKey = arn('kms', values.kms, KEY, NO_ALIAS);
  const admin = arn('admin', values.admin, SECRET, FULL);
  const adminKey = arn('admin-kms', values['admin-kms'], KEY, NO_ALIAS);
  const hasAdministrator = permissions.some(({ on }) => on === 'administrator');
  if (!hasAdministrator && (admin ?? adminKey)) {
    throw new UsageError(`${rotator} reads no administrator’s secret: leave out --admin and --admin-kms`);
  }
  if (adminKey && !admin) throw new UsageError('--admin-kms goes with --admin');
  const kinds = permissions.flatMap(({ on }) => (on === 'administrator' ? [] : [on]));
  for (const target of values.target) assertTarget(target, kinds, rotator);
  return {
    targets: values.target,
    ...(secret && { secret }),
    ...(secretKey && { secretKey }),
    ...(admin && { admin }),
    ...(adminKey && { adminKey }),
  };
}

function assertTarget(target: string, kinds: readonly PermissionTarget[], rotator: string): void {
  const [kind] = kinds;
  if (!kind) throw new UsageError(`${rotator} has no targets: leave out --target`);
  const isOne = kind.arns.some((example) => {
    const pattern = example.replace(/\{\w+\}/g, '[\\w-]+').replace('NAME', '[\\w/+=,.@-]+');
    return new RegExp(`^${pattern}$`).test(target);
  });
  if (!isOne) throw new UsageError(`--target takes ${kind.name}: ${kind.arns.join(' or ')}, not ${target}`);
}

/** Accepts an ARN, but no pattern: a pattern would grant more than its name says. */
function arn(option: string, value: string | undefined, pattern: RegExp, what: string): string | undefined {
  const rest = value?.replace(/^arn:aws[\w-]*:/, '');
  if (rest === undefined || (rest !== value && pattern.test(rest))) return value;
  throw new UsageError(`--${option} takes the ${what}, not ${value}`);
}

function formatOf(values: PolicyInput['options']): Format {
  const [format = 'text', ...rest] = (['json', 'terraform', 'cdk', 'custom-policy'] as const).filter(
    (name) => values[name],
  );
  if (rest.length > 0) throw new UsageError(`--${format} and --${rest[0]} exclude each other`);
  return format;
}
