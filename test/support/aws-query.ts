import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What an API of AWS refuses, as it refuses it. */
export class AwsRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const REQUEST_ID = '523e3218-afc7-11c3-90f5-f90431260ab4';

/** Answers in the XML of the AWS Query protocol. */
export function respond(response: ServerResponse, status: number, root: string, body: object): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': REQUEST_ID });
  response.end(`<${root}>${inner(body)}</${root}>`);
}

/** The elements of a list have one name: an array is as many elements of its name. */
function inner(value: unknown): string {
  if (typeof value !== 'object' || value === null) return escaped(String(value));
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .flatMap(([name, part]) => [part].flat().map((item) => `<${name}>${inner(item)}</${name}>`))
    .join('');
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What a request says of its signature (Signature Version 4). */
export interface Signature {
  readonly keyId: string;
  readonly service: string;
  /** Whether it was made with a secret key. */
  isMadeWith(secret: string): boolean;
}

/** Reads the signature of a request that has a body and no query. */
export function signatureOf({ method, url, headers }: IncomingMessage, body: string): Signature | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/(\w+)\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    );
  if (!match) return undefined;
  const [, keyId = '', date = '', region = '', service = '', names = '', signature = ''] = match;
  const lines = names.split(';').map((name) => `${name}:${[headers[name]].flat().join(',')}\n`);
  const request = [method, url, '', lines.join(''), names, sha256(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(request)].join('\n');
  return {
    keyId,
    service,
    isMadeWith(secret) {
      const key = scope.split('/').reduce<Buffer | string>((part, next) => hmac(part, next), `AWS4${secret}`);
      return hmac(key, text).toString('hex') === signature;
    },
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
