import { createHmac } from 'node:crypto';

/**
 * Returns the SMTP password for one Region, derived from a secret access key by AWS's published algorithm (version 4): a
 * signature of a fixed text on a fixed date. It does not reveal the secret access key.
 */
export function smtpPassword(secretAccessKey: string, region: string): string {
  const parts = ['11111111', region, 'ses', 'aws4_request', 'SendRawEmail'];
  const signature = parts.reduce<Buffer | string>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return Buffer.concat([Buffer.of(4), Buffer.from(signature)]).toString('base64');
}
