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

/** A call to Secrets Manager by a command. */
export interface OperatorCall {
  /** `DescribeSecret`. */
  readonly operation: string;
  /** The secret, if the call is about one. */
  readonly secretId?: string | undefined;
  /** The Region of the call, if known. */
  readonly region: string | undefined;
  /** The options that a command to copy repeats. */
  readonly connection: Connection;
}

/** Returns a failed call as an error for people: a code, one line and a hint. The SDK's error is the cause. */
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
    'look up the error in the API reference of Secrets Manager',
  ];
}

/** Returns an error's name if it looks like one: nothing else of an answer is repeated. */
function shown(name: string): string {
  return /^[A-Za-z]{1,60}$/.test(name) ? name : '';
}

type Meaning = readonly [problem: string, hint: string];

const SLOW_DOWN = 'the account’s quota for these calls is used up: wait a minute, then try again';
const withProfile = ({ connection: { profile } }: OperatorCall) =>
  sameAgain({ profile, region: undefined, endpoint: undefined });
const signIn = (call: OperatorCall) =>
  `sign in again (aws sso login${withProfile(call)}), or renew the credentials at their source`;

function reach({ region, connection: { endpoint } }: OperatorCall, code: string): string {
  if (endpoint !== undefined) {
    return 'check --endpoint-url: is the URL right, and is quarterturn local running there?';
  }
  const typed = code === 'ENOTFOUND' ? `check that ${region ?? 'it'} is a Region; ` : '';
  const host = `secretsmanager.${region ?? '<region>'}.amazonaws.com`;
  return `${typed}check network, VPN and proxy: this machine must reach ${host} on port 443, or the host that --endpoint-url or AWS_ENDPOINT_URL names`;
}

/** Returns what the SDK found wrong before it sent anything. */
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
          `aws configure list-profiles lists the profiles; aws sso login${withProfile(call)} signs in to one with SSO`,
        ];
  }
  // For an endpoint in the environment that is not a URL, the SDK's message says little.
  return call.connection.endpoint === undefined ? whyNotSent(message) : undefined;
}

/** Returns which right is missing: AWS says so, in varying words. */
function denied(call: OperatorCall, message: string): ServiceFailure {
  const [, said] = /not authorized to perform:? ([a-z0-9-]+:\w+)/i.exec(message) ?? [];
  const [, own] = /arn:aws[\w-]*:(?:sts|iam)::(\d{12}):/.exec(message) ?? [];
  const [, owner] = /arn:aws[\w-]*:secretsmanager:[\w-]+:(\d{12}):/.exec(call.secretId ?? '') ?? [];
  if (/cannot invoke the specified Lambda/.test(message)) {
    return [
      'ERR_SECRETS_MANAGER_FAILED',
      'was denied: Secrets Manager cannot invoke the rotation function',
      'allow secretsmanager.amazonaws.com to invoke it: aws lambda add-permission (quarterturn policy prints the statement)',
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
    ? 'a policy denies it explicitly: a permissions boundary, an SCP, the secret’s own policy or the VPC endpoint’s'
    : owner !== undefined && own !== undefined && owner !== own
      ? `the secret is in account ${owner}, you are in ${own}: the secret’s resource policy and its KMS key’s policy must allow you, too`
      : 'quarterturn policy --for operator prints what each command needs';
  const where = call.operation === 'ListSecrets' ? '' : ` on ${on}`;
  return [
    'ERR_SECRETS_MANAGER_FAILED',
    `was denied: ${right} is missing${where}`,
    `allow ${right}${where}; ${more}`,
  ];
}

/** Returns why the secret's state forbids the call. */
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
      `to bring it back: aws secretsmanager restore-secret --secret-id ${secretId}${again}`,
    ];
  }
  if (/previous rotation isn.t complete/.test(message)) {
    return [
      'ERR_SECRETS_MANAGER_FAILED',
      'was refused: a rotation of it is not complete, and Secrets Manager will try it again',
      `quarterturn status ${secretId}${again} shows since when; quarterturn doctor ${secretId}${again} finds out why. Do not remove AWSPENDING: it may hold the only password that works`,
    ];
  }
  if (/replica/.test(message)) {
    return ['ERR_REPLICA', 'was refused: it is a replica', 'name the primary secret, with its Region'];
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
      'check the name, --region and --profile. For a secret of another account or Region, give its ARN',
    ],
  ],
  [THROTTLED, () => ['was throttled', SLOW_DOWN]],
  [/^ExpiredToken/, (call) => ['was refused: the AWS credentials have expired', signIn(call)]],
  [
    /^(?:UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|InvalidAccessKeyId)/,
    () => [
      'was refused: the AWS credentials are not valid',
      'check --profile, the access key and this machine’s clock',
    ],
  ],
  [
    /^DecryptionFailure$/,
    () => [
      'was refused: KMS cannot decrypt the value',
      'allow kms:Decrypt on the secret’s KMS key, and check that the key is enabled',
    ],
  ],
  [
    /^(?:InternalServiceError|InternalFailure|ServiceUnavailable)/,
    () => ['failed at AWS', 'try again; health.aws.amazon.com lists outages'],
  ],
];
