import { RotationError } from '../../errors.js';
import {
  errorParts,
  isUnanswered,
  type ServiceFailure,
  THROTTLED,
  whyNotSent,
} from '../../network/failures.js';
import { throttleHint } from '../../network/throttles.js';
import { type Connection, sameAgain } from './connection.js';

/** A call to Secrets Manager that somebody at a terminal has made. */
export interface OperatorCall {
  /** `DescribeSecret`. */
  readonly operation: string;
  /** The secret, if it is about one. */
  readonly secretId?: string | undefined;
  /** Where it was asked, as far as it is known. */
  readonly region: string | undefined;
  /** How it was asked, which a command to copy repeats. */
  readonly connection: Connection;
}

/** What a failed call means for a person: a code, one line, and what to do. The SDK's error is the cause. */
export function operatorFailure(call: OperatorCall, cause: unknown): RotationError {
  const [code, problem, hint] = meaningOf(call, cause);
  const what = [call.operation, call.secretId].filter(Boolean).join(' of ');
  return new RotationError(code, `${what} ${problem}`, { hint, cause, secretId: call.secretId });
}

function meaningOf(call: OperatorCall, error: unknown): ServiceFailure {
  const { name, message, code } = errorParts(error);
  const before = beforeItWasSent(call, name, message);
  if (before) return ['ERR_SECRETS_MANAGER_FAILED', ...before];
  if (isUnanswered(error)) {
    const hint = throttleHint(error) === undefined ? reach(call, code) : SLOW_DOWN;
    return ['ERR_SECRETS_MANAGER_UNREACHABLE', `got no answer (${code || shown(name)})`, hint];
  }
  if (/^AccessDenied/.test(name)) return denied(call, message);
  const state = stateOf(call, name, message);
  if (state) return state;
  const [, known] = ANSWERS.find(([pattern]) => pattern.test(name)) ?? [];
  if (known) return ['ERR_SECRETS_MANAGER_FAILED', ...known(call)];
  return [
    'ERR_SECRETS_MANAGER_FAILED',
    `failed with ${shown(name) || 'an unknown error'}`,
    'look the error up in the API reference of Secrets Manager',
  ];
}

/** A name that an answer may have in it: anything else is not repeated. */
function shown(name: string): string {
  return /^[A-Za-z]{1,60}$/.test(name) ? name : '';
}

type Meaning = readonly [problem: string, hint: string];

const SLOW_DOWN = 'the account’s quota for these calls is used up: wait a minute, and try again';
const withProfile = ({ connection: { profile } }: OperatorCall) =>
  sameAgain({ profile, region: undefined, endpoint: undefined });
const signIn = (call: OperatorCall) =>
  `sign in again: aws sso login${withProfile(call)}, or renew the credentials where they come from`;

function reach({ region, connection: { endpoint } }: OperatorCall, code: string): string {
  if (endpoint !== undefined) {
    return 'see that something answers at --endpoint-url: is quarterturn local running there, or is the URL mistyped?';
  }
  const typed = code === 'ENOTFOUND' ? `look whether ${region ?? 'it'} is a Region, and ` : '';
  const host = `secretsmanager.${region ?? '<region>'}.amazonaws.com`;
  return `${typed}see that this machine reaches ${host} on port 443: network, VPN, proxy; or what --endpoint-url or AWS_ENDPOINT_URL names`;
}

/** What the SDK has found amiss by itself. */
function beforeItWasSent(call: OperatorCall, name: string, message: string): Meaning | undefined {
  const { profile = process.env.AWS_PROFILE || undefined } = call.connection;
  if (message === 'Region is missing') {
    return ['was not sent: no Region is set', 'give --region, or set AWS_REGION'];
  }
  if (name === 'TokenProviderError' || /SSO session|sso login|Token is expired/.test(message)) {
    return ['was not sent: the SSO session has expired', `sign in again: aws sso login${withProfile(call)}`];
  }
  if (name === 'CredentialsProviderError') {
    return profile === undefined
      ? [
          'was not sent: no AWS credentials were found',
          'give --profile, set AWS_PROFILE, or sign in: aws sso login',
        ]
      : [
          `was not sent: the profile ${JSON.stringify(profile)} does not exist, or has no credentials`,
          `aws configure list-profiles lists them; aws sso login${withProfile(call)} signs in to one that has SSO`,
        ];
  }
  // An endpoint of the environment that is no URL: what the SDK throws then says little.
  return call.connection.endpoint === undefined ? whyNotSent(message) : undefined;
}

/** Which right is missing: AWS says so, but not always in the same words. */
function denied(call: OperatorCall, message: string): ServiceFailure {
  const [, said] = /not authorized to perform:? ([a-z0-9-]+:\w+)/i.exec(message) ?? [];
  const [, own] = /arn:aws[\w-]*:(?:sts|iam)::(\d{12}):/.exec(message) ?? [];
  const [, owner] = /arn:aws[\w-]*:secretsmanager:[\w-]+:(\d{12}):/.exec(call.secretId ?? '') ?? [];
  if (/cannot invoke the specified Lambda/.test(message)) {
    return [
      'ERR_SECRETS_MANAGER_FAILED',
      'was denied: Secrets Manager cannot invoke the rotation function',
      'let secretsmanager.amazonaws.com invoke it (aws lambda add-permission; quarterturn policy prints the statement)',
    ];
  }
  const isAboutKey = /KMS/.test(message) && said === undefined;
  const right = said ?? (isAboutKey ? 'kms:Decrypt' : `secretsmanager:${call.operation}`);
  const on = right.startsWith('kms:')
    ? 'the secret’s KMS key'
    : right.startsWith('lambda:')
      ? 'the rotation function'
      : 'this secret';
  const more = /explicit deny/.test(message)
    ? 'a policy denies it: a permissions boundary, an SCP, the secret’s own policy or the VPC endpoint’s'
    : owner !== undefined && own !== undefined && owner !== own
      ? `the secret is in account ${owner}, you are in ${own}: its resource policy, and its KMS key’s, must allow you too`
      : 'quarterturn policy --for operator prints what each command needs';
  const where = call.operation === 'ListSecrets' ? '' : ` on ${on}`;
  return [
    'ERR_SECRETS_MANAGER_FAILED',
    `was denied: ${right} is missing${where}`,
    `allow ${right}${where}; ${more}`,
  ];
}

/** A secret in a state in which this cannot be done. */
function stateOf(
  { secretId, connection }: OperatorCall,
  name: string,
  message: string,
): ServiceFailure | undefined {
  if (name !== 'InvalidRequestException') return undefined;
  const again = sameAgain(connection);
  if (/marked (?:for deletion|deleted)|scheduled for deletion/.test(message)) {
    return [
      'ERR_MARKED_FOR_DELETION',
      'was refused: the secret is marked for deletion',
      `aws secretsmanager restore-secret --secret-id ${secretId}${again} brings it back`,
    ];
  }
  if (/previous rotation isn.t complete/.test(message)) {
    return [
      'ERR_SECRETS_MANAGER_FAILED',
      'was refused: a rotation of it is not complete, and will be tried again',
      `quarterturn status ${secretId}${again} shows since when; quarterturn doctor ${secretId}${again} finds out why. Do not remove AWSPENDING: it may be the only password that works`,
    ];
  }
  if (/replica/.test(message)) {
    return ['ERR_REPLICA', 'was refused: it is a replica', 'name the primary secret, in its own Region'];
  }
  if (/managed by|owning service|owned by/.test(message)) {
    return ['ERR_MANAGED_BY_SERVICE', 'was refused: another service manages it', 'change it in that service'];
  }
  return undefined;
}

const ANSWERS: readonly (readonly [name: RegExp, meaning: (call: OperatorCall) => Meaning])[] = [
  [
    /^ResourceNotFoundException$/,
    ({ region }) => [
      `found no such secret${region === undefined ? '' : ` in ${region}`}`,
      'look at the name, --region and --profile: a secret of another account or Region is named by its ARN',
    ],
  ],
  [THROTTLED, () => ['was throttled', SLOW_DOWN]],
  [/^ExpiredToken/, (call) => ['was refused: the AWS credentials have expired', signIn(call)]],
  [
    /^(?:UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|InvalidAccessKeyId)/,
    () => [
      'was refused: the AWS credentials are not valid',
      'look at --profile, the access key, and this machine’s clock',
    ],
  ],
  [
    /^DecryptionFailure$/,
    () => [
      'was refused: the value cannot be decrypted',
      'allow kms:Decrypt on the secret’s KMS key, and see that the key is enabled',
    ],
  ],
  [
    /^(?:InternalServiceError|InternalFailure|ServiceUnavailable)/,
    () => ['failed at AWS', 'try again; health.aws.amazon.com tells of disturbances'],
  ],
];
