/**
 * The requests of Secrets Manager's API with the constraints of AWS's service model. The SDK for JavaScript does not check
 * them: without this, an invalid call would work here and fail on AWS.
 */

export type Shape =
  | {
      readonly type: 'string';
      readonly min?: number;
      readonly max?: number;
      readonly pattern?: RegExp;
      readonly oneOf?: readonly string[];
      /** Whether the limits count bytes of UTF-8. */
      readonly inBytes?: boolean;
      /** Whether errors must not quote the value. */
      readonly isSensitive?: boolean;
    }
  | { readonly type: 'blob'; readonly min: number; readonly max: number }
  | { readonly type: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'list'; readonly of: Shape; readonly min?: number; readonly max?: number }
  | { readonly type: 'structure'; readonly members: Members };

export type Members = Readonly<Record<string, Member>>;
type Member = Shape & { readonly isRequired?: boolean };

const string = (min: number, max: number, rest: { pattern?: RegExp; isSensitive?: boolean } = {}) =>
  ({ type: 'string', min, max, ...rest }) as const;
const oneOf = (...values: readonly string[]) => ({ type: 'string', oneOf: values }) as const;
const integer = (min?: number, max?: number) =>
  ({ type: 'integer', ...(min !== undefined && { min }), ...(max !== undefined && { max }) }) as const;
const list = (of: Shape, min = 0, max = Number.POSITIVE_INFINITY) =>
  ({ type: 'list', of, min, max }) as const;
const structure = (members: Members) => ({ type: 'structure', members }) as const;
const required = <S extends Shape>(shape: S) => ({ ...shape, isRequired: true }) as const;
const boolean = { type: 'boolean' } as const;

const SecretId = required(string(1, 2048));
const VersionId = string(32, 64);
const VersionStage = string(1, 256);
const ClientRequestToken = string(32, 64);
const Description = string(0, 2048);
const KmsKeyId = string(0, 2048);
const Type = string(0, 256);
const NextToken = string(1, 4096);
const MaxResults = integer(1, 100);
const Tags = list(structure({ Key: required(string(1, 128)), Value: string(0, 256) }));
const ResourcePolicy = required(string(1, 20_480));
const Region = string(1, 128, { pattern: /^([a-z]+-)+\d+$/ });
const AddReplicaRegions = list(structure({ Region, KmsKeyId }), 1);
const Filters = list(
  structure({
    Key: oneOf('description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all'),
    Values: list(string(0, 512, { pattern: /^!?[a-zA-Z0-9 :_@/+=.\-!]*$/ }), 1, 10),
  }),
  0,
  10,
);
const SecretBinary = { type: 'blob', min: 1, max: 65_536 } as const;
/** The model limits characters to 65,536; the documentation limits bytes. */
const secretString = (min: number) =>
  ({ type: 'string', min, max: 65_536, inBytes: true, isSensitive: true }) as const;
const RotationRules = structure({
  AutomaticallyAfterDays: integer(1, 1000),
  Duration: string(2, 3, { pattern: /^[0-9]+h$/ }),
  ScheduleExpression: string(1, 256, { pattern: /^[0-9A-Za-z()#?*\-/, ]+$/ }),
});

export const REQUESTS = {
  BatchGetSecretValue: {
    SecretIdList: list(string(1, 2048), 1, 20),
    Filters,
    MaxResults: integer(1, 20),
    NextToken,
  },
  CancelRotateSecret: { SecretId },
  CreateSecret: {
    Name: required(string(1, 512)),
    ClientRequestToken,
    Description,
    KmsKeyId,
    SecretBinary,
    SecretString: secretString(1),
    Tags,
    AddReplicaRegions,
    ForceOverwriteReplicaSecret: boolean,
    Type,
  },
  DeleteResourcePolicy: { SecretId },
  DeleteSecret: { SecretId, RecoveryWindowInDays: integer(), ForceDeleteWithoutRecovery: boolean },
  DescribeSecret: { SecretId },
  GetRandomPassword: {
    PasswordLength: integer(1, 4096),
    ExcludeCharacters: string(0, 4096),
    ExcludeNumbers: boolean,
    ExcludePunctuation: boolean,
    ExcludeUppercase: boolean,
    ExcludeLowercase: boolean,
    IncludeSpace: boolean,
    RequireEachIncludedType: boolean,
  },
  GetResourcePolicy: { SecretId },
  GetSecretValue: { SecretId, VersionId, VersionStage },
  ListSecretVersionIds: { SecretId, MaxResults, NextToken, IncludeDeprecated: boolean },
  ListSecrets: {
    IncludePlannedDeletion: boolean,
    MaxResults,
    NextToken,
    Filters,
    SortOrder: oneOf('asc', 'desc'),
    SortBy: oneOf('created-date', 'last-accessed-date', 'last-changed-date', 'name'),
  },
  PutResourcePolicy: { SecretId, ResourcePolicy, BlockPublicPolicy: boolean },
  PutSecretValue: {
    SecretId,
    ClientRequestToken,
    SecretBinary,
    // The model says 1, but AWS has a separate error for the empty string.
    SecretString: secretString(0),
    VersionStages: list(VersionStage, 1, 20),
    RotationToken: string(36, 256, { pattern: /^[a-zA-Z0-9-]+$/, isSensitive: true }),
  },
  RestoreSecret: { SecretId },
  RotateSecret: {
    SecretId,
    ClientRequestToken,
    RotationLambdaARN: string(0, 2048),
    RotationRules,
    ExternalSecretRotationMetadata: list(structure({ Key: string(1, 256), Value: string(1, 2048) })),
    ExternalSecretRotationRoleArn: string(20, 2048),
    RotateImmediately: boolean,
  },
  TagResource: { SecretId, Tags: required(Tags) },
  UntagResource: { SecretId, TagKeys: required(list(string(1, 128))) },
  UpdateSecret: {
    SecretId,
    ClientRequestToken,
    Description,
    KmsKeyId,
    SecretBinary,
    SecretString: secretString(1),
    Type,
  },
  UpdateSecretVersionStage: {
    SecretId,
    VersionStage: required(VersionStage),
    RemoveFromVersionId: VersionId,
    MoveToVersionId: VersionId,
  },
  ValidateResourcePolicy: { SecretId: string(1, 2048), ResourcePolicy },
} as const satisfies Readonly<Record<string, Members>>;

/**
 * An operation that the local Secrets Manager supports.
 *
 * @useDeclaredType
 */
export type Operation = keyof typeof REQUESTS;

export function isOperation(name: string): name is Operation {
  return Object.hasOwn(REQUESTS, name);
}
