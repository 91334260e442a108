import { type KeyTimes, loadDriver, type Rotator, stringField } from '../../../src/index.js';
import { type UserKeyOptions, userKeys } from '../user-keys.js';
import { smtpPassword } from './smtp-password.js';

/** Secret with a user's login to the SMTP endpoint of SES in one Region. */
export interface SesSmtpSecret {
  /** Name of the IAM user. */
  readonly iamUserName: string;
  /** Host name of the SMTP endpoint: `email-smtp.<region>.amazonaws.com`. */
  readonly host: string;
  /** Id of an access key. */
  readonly username: string;
  /** SMTP password, derived from the secret access key. */
  readonly password: string;
}

/** Options of {@link sesSmtp}. */
export interface SesSmtpOptions extends UserKeyOptions {
  /**
   * When SES refuses the password of a deleted key. With `'late'` a password that still works is only a warning.
   *
   * @default 'late': SES does not document the delay
   */
  readonly ends?: KeyTimes['ends'];
  /** Where testSecret logs in, such as an endpoint in a VPC. The port must speak TLS at once. @default the secret's host, port 465 */
  readonly connectTo?: {
    /** Host name, as in the certificate. */
    readonly host: string;
    /** TCP port. */
    readonly port: number;
  };
  /** Certificate authorities to trust, in PEM. @default Node's */
  readonly ca?: string | readonly string[];
}

/** SES documents a few minutes for most cases. A password that works sooner is not waited for. */
const PROPAGATION_MS = 120_000;

/** The port of SES that speaks TLS from the first byte. Lambda blocks port 25. */
const PORT = 465;

/** The password goes to no other host: the secret's writer must not send it to a host of theirs. */
const HOST = /^email-smtp(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/**
 * Returns a rotator for the SMTP passwords of SES. Each password is derived from an access key of an IAM user. The secret
 * never holds the access key itself, which could do more than send mail. So only a login by SMTP, not STS, shows whether the
 * password is right.
 *
 * It loads `@aws-sdk/client-iam`, which Lambda's Node.js runtimes include, and `nodemailer`.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { sesSmtp } from 'quarterturn/rotators/iam/ses-smtp';
 *
 * export const handler = rotationHandler(sesSmtp({ ownsEveryKey: true }));
 * ```
 *
 * @throws RangeError if an option is invalid
 */
export function sesSmtp(options: SesSmtpOptions = {}): Rotator<SesSmtpSecret, 'username' | 'password'> {
  const { connectTo, ca, propagationMs = PROPAGATION_MS, ends = 'late', ...keyOptions } = options;
  return userKeys<SesSmtpSecret, 'username' | 'password'>(
    {
      name: 'ses-smtp',
      rotates: ['username', 'password'],
      shows: ['iamUserName', 'host'],
      rejectionHint: 'the access key was deleted or made inactive, or SES does not know it yet',
      parse,
      id: 'username',
      user: 'iamUserName',
      fieldsOf: ({ accessKeyId, secretAccessKey }, { host }) => ({
        username: accessKeyId,
        password: smtpPassword(secretAccessKey, regionOf(host)),
      }),
      async probe({ host, username, password }, context) {
        const { logIn } = await loadDriver('nodemailer@^10.6.1', () => import('./log-in.js'));
        return logIn({ host, port: PORT, ...connectTo, username, password, ca }, context);
      },
    },
    // SES does not document how soon it refuses the password of a deleted key.
    { ...keyOptions, propagationMs, ends },
  );
}

function parse(json: Readonly<Record<string, unknown>>): SesSmtpSecret {
  const host = stringField(json, 'host');
  regionOf(host);
  return {
    iamUserName: stringField(json, 'iamUserName'),
    host,
    username: stringField(json, 'username'),
    password: stringField(json, 'password'),
  };
}

/** @throws TypeError if the host is not an SMTP endpoint of SES */
function regionOf(host: string): string {
  const [, region] = HOST.exec(host) ?? [];
  if (region !== undefined) return region;
  throw new TypeError('"host" must be email-smtp.<region>.amazonaws.com');
}
