import { jsonObject } from '../../json.js';
import * as refusals from '../api/refusals.js';

/** The parts of a policy statement that are checked here. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}

/** IAM User Guide, policy grammar. A resource policy must name principals. */
const ELEMENTS = ['Version', 'Id', 'Statement'];
const VERSIONS = ['2012-10-17', '2008-10-17'];
const ONE_OF = [
  ['Principal', 'NotPrincipal'],
  ['Action', 'NotAction'],
  ['Resource', 'NotResource'],
] as const;
const IN_STATEMENT = ['Sid', 'Effect', 'Condition', ...ONE_OF.flat()];
const ACTION = /^(?:\*|[\w-]+:[\w*?]+)$/;
const RESOURCE = /^(?:\*|arn:.+)$/s;
const OPERATOR =
  /^(?:(?:ForAnyValue|ForAllValues):)?(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)|(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)|Bool|BinaryEquals|(?:Not)?IpAddress|Arn(?:Not)?(?:Equals|Like)|Null)(?:IfExists)?$/;
/** An account, user, role or session, or the id that AWS leaves for a deleted one. Whether it exists is not checked. */
const PRINCIPALS: Readonly<Record<string, RegExp>> = {
  AWS: /^(?:\*|\d{12}|arn:aws[\w-]*:(?:iam|sts)::\d{12}:.+|A[0-9A-Z]{15,})$/,
  Service: /^[\w.-]+\.amazonaws\.com(?:\.cn)?$/,
  Federated: /./,
  CanonicalUser: /^[0-9a-f]{64}$/,
};

/**
 * Returns the statements of a resource policy.
 *
 * @throws MalformedPolicyDocumentException
 */
export function statementsOf(policy: string): readonly Statement[] {
  const document = jsonObject(policy);
  const { Version = VERSIONS[0], Id = '', Statement } = document ?? {};
  const statements = listOf(Statement);
  const isDocument =
    document !== undefined &&
    hasOnly(document, ELEMENTS) &&
    VERSIONS.some((version) => version === Version) &&
    typeof Id === 'string' &&
    statements.length > 0;
  if (!isDocument || !statements.every(isStatement)) throw refusals.malformedPolicy('a syntax error');
  for (const { Principal, NotPrincipal } of statements) assertPrincipals(Principal ?? NotPrincipal);
  return statements;
}

function isStatement(statement: unknown): statement is Statement {
  if (!isObject(statement) || !hasOnly(statement, IN_STATEMENT)) return false;
  const { Sid = '', Effect, Condition = {}, ...rest } = statement;
  const isGiven = (name: string) => rest[name] !== undefined;
  const isOneOf = ONE_OF.every((pair) => pair.filter(isGiven).length <= 1);
  return (
    typeof Sid === 'string' &&
    (Effect === 'Allow' || Effect === 'Deny') &&
    isOneOf &&
    (isGiven('Principal') || isGiven('NotPrincipal')) &&
    areTexts(rest.Action ?? rest.NotAction, ACTION) &&
    // Assumed: without a Resource, it is the policy's secret.
    areTexts(rest.Resource ?? rest.NotResource ?? '*', RESOURCE) &&
    isCondition(Condition)
  );
}

function isCondition(condition: unknown): boolean {
  return (
    isObject(condition) &&
    Object.entries(condition).every(
      ([operator, keys]) =>
        OPERATOR.test(operator) &&
        isObject(keys) &&
        Object.values(keys).every((values) => listOf(values).every(isScalar)),
    )
  );
}

function assertPrincipals(principals: unknown): void {
  if (principals === '*') return;
  const kinds = isObject(principals) ? Object.entries(principals) : [];
  if (kinds.length === 0) throw refusals.malformedPolicy('a syntax error');
  for (const [kind, names] of kinds) {
    const pattern = PRINCIPALS[kind];
    if (!pattern || !areTexts(names, /^/)) throw refusals.malformedPolicy('a syntax error');
    if (areTexts(names, pattern)) continue;
    const what = kind === 'Service' ? 'an unsupported service principal' : 'an unsupported principal';
    throw refusals.malformedPolicy(what);
  }
}

/** Whether it is a string of the pattern, or a list of one or more such strings. */
function areTexts(value: unknown, pattern: RegExp): boolean {
  const texts = listOf(value);
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && pattern.test(text));
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function hasOnly(object: object, names: readonly string[]): boolean {
  return Object.keys(object).every((name) => names.includes(name));
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
