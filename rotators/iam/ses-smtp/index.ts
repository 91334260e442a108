import { type KeyTimes, loadDriver, type Rotator, stringField } from '../../../src/index.js';
import { type UserKeyOptions, userKeys } from '../user-keys.js';
import { smtpPassword } from './smtp-password.js';

/** A user's login to the SMTP endpoint of SES in one Region. */
export interface SesSmtpSecret {
  /** The name of the IAM user. */
  readonly iamUserName: string;
  /** `email-smtp.<region>.amazonaws.com` */
  readonly host: string;
  /** The id of an access key. */
  readonly username: string;
  readonly password: string;
}

export interface SesSmtpOptions extends UserKeyOptions {
  /** When a password whose key was deleted is refused. @default 'late', which SES does not document: a warning at most */
  readonly ends?: KeyTimes['ends'];
  /** Where testSecret logs in, if not at the secret's host: an endpoint in a VPC. Its port must speak TLS at once. */
  readonly connectTo?: { readonly host: string; readonly port: number };
  /** Certificate authorities, PEM. @default Node's */
  readonly ca?: string | readonly string[];
}

/** SES says: in most cases no more than a few minutes. A password that works sooner is not waited for. */
const PROPAGATION_MS = 120_000;

/** The port of SES that speaks TLS from the first byte. Lambda lets nothing out through port 25. */
const PORT = 465;

/** The password goes to no other host: whoever may write the secret must not be able to send it to one of their own. */
const HOST = /^email-smtp(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/**
 * Rotates the SMTP passwords of SES, each made of an access key of an IAM user. The secret never holds the access key
 * itself, with which more could be done than to send mail; so only a login by SMTP, not STS, can tell whether the password
 * is right.
 *
 * It loads `@aws-sdk/client-iam`, which Lambda's Node.js runtimes have, and `nodemailer`.
 *
 * @throws RangeError for an option that cannot be
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
    // It is not documented how soon SES refuses the password of a key that was deleted.
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

/** @throws TypeError */
function regionOf(host: string): string {
  const [, region] = HOST.exec(host) ?? [];
  if (region !== undefined) return region;
  throw new TypeError('"host" must be email-smtp.<region>.amazonaws.com');
}
