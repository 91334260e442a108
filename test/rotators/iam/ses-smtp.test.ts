import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { type SesSmtpOptions, sesSmtp } from '../../../rotators/iam/ses-smtp/index.js';
import { smtpPassword } from '../../../rotators/iam/ses-smtp/smtp-password.js';
import { lineTo, rig, rotatorContract, type TcpLine } from '../../../src/testing/index.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { IamServer } from '../../support/iam-server.js';
import { certificate } from '../../support/postgres.js';
import { SmtpServer } from '../../support/smtp-server.js';
import { tried } from '../../support/thorough.js';

const AN_HOUR = 3_600_000;
const HOST = 'email-smtp.eu-central-1.amazonaws.com';

let aws: IamServer;
let smtp: SmtpServer;
let line: TcpLine;
let options: SesSmtpOptions;

/** The algorithm as AWS describes it, step by step. */
function derived(secret: string, region: string): string {
  const sign = (key: string | Buffer, message: string) => createHmac('sha256', key).update(message).digest();
  const [kDate, service] = [sign(`AWS4${secret}`, '11111111'), 'ses'];
  const kTerminal = sign(sign(sign(kDate, region), service), 'aws4_request');
  return Buffer.from([0x04, ...sign(kTerminal, 'SendRawEmail')]).toString('base64');
}

beforeAll(async () => {
  aws = await IamServer.start();
  smtp = await SmtpServer.start();
  line = await lineTo(smtp.port);
  const url = `http://${line.host}:${await line.alsoTo(aws.port)}`;
  Object.assign(process.env, { AWS_ENDPOINT_URL_IAM: url, AWS_ENDPOINT_URL_STS: url });
  const connectTo = { host: 'localhost', port: line.port };
  options = { ownsEveryKey: true, propagationMs: 0, connectTo, ca: await certificate('ca.pem') };
  smtp.accepts = (username, password) =>
    [...aws.account.users.values()]
      .flat()
      .some(({ id, secret }) => id === username && derived(secret, 'eu-central-1') === password);
});

afterAll(async () => {
  await line.close();
  smtp.stop();
  await aws.stop();
});

/** The secret of a user whose keys are so old that a leftover makes room at once. */
function fresh() {
  aws.reset();
  smtp.isUnplugged = false;
  smtp.nextAnswer = undefined;
  smtp.commands.length = 0;
  let made = 0;
  aws.account.now = () => Date.now() - AN_HOUR + 1000 * made++;
  aws.account.users.set('mailer', []);
  const { accessKeyId: username, secretAccessKey } = aws.account.issue('mailer');
  const password = derived(secretAccessKey, 'eu-central-1');
  return { iamUserName: 'mailer', host: HOST, port: 587, username, password };
}

// As Terraform's provider for AWS tests its own.
test.each([
  ['eu-central-1', 'some+secret+key', 'BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2'],
  ['eu-central-1', 'another+secret+key', 'BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh'],
  ['us-west-1', 'some+secret+key', 'BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj'],
])('the password in %s of %s is the one that others derive', (region, secret, password) => {
  expect(smtpPassword(secret, region)).toBe(password);
});

describe('the contract', () => {
  const subject = {
    reset: fresh,
    accepts: ({ username, password }: Record<string, unknown>) =>
      smtp.accepts(String(username), String(password)),
    line: () => line,
    credentials: () => aws.account.live('mailer').length,
    overlaps: true,
  };
  const clauses = rotatorContract({ rotator: () => sesSmtp(options), ...subject });
  test.each(tried(clauses))('$name', ({ run }) => run());
});

test('a rotation leaves two keys live, three times over, and sends no mail', async () => {
  const { rotate, value, secretString } = await rig(sesSmtp(options), { secret: fresh() });
  for (let rotation = 1; rotation <= 3; rotation++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
    expect(aws.account.live('mailer')).toEqual([previous.username, current.username]);
    const stored = JSON.parse(await secretString('AWSCURRENT'));
    expect(Object.keys(stored)).toEqual(['iamUserName', 'host', 'port', 'username', 'password']);
  }
  expect([...new Set(smtp.commands)].sort()).toEqual(['AUTH', 'EHLO', 'QUIT']);
  expect(aws.actions()).not.toContain('GetCallerIdentity');
});

test.each([
  [undefined, 'succeeded', 1],
  ['at-once', 'failed', undefined],
] as const)(
  'a password whose key is deleted and that still works, with ends %s: %s',
  async (ends, outcome, endedKeyWorks) => {
    const { rotate, value, log } = await rig(sesSmtp({ ...options, ends }), { secret: fresh() });
    await rotate();
    const [first, second] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
    const accepts = smtp.accepts;
    smtp.accepts = (username, password) => username === first.username || accepts(username, password);
    const { steps, ...report } = await rotate();
    smtp.accepts = accepts;
    expect(report.outcome).toBe(outcome);
    expect(log.at(-1)?.endedKeyWorks).toBe(endedKeyWorks);
    if (outcome === 'succeeded') return;
    expect(steps.at(-1)?.error).toMatchObject({ code: 'ERR_KEY_STILL_WORKS' });
    expect(await value('AWSCURRENT')).toEqual(second);
  },
);

test('AWSCURRENT does not move before all of SES knows the new password', async () => {
  const secret = fresh();
  const { rotate, value } = await rig(sesSmtp({ ...options, propagationMs: 5000, settleMs: 60 }), {
    secret,
  });
  const accepts = smtp.accepts;
  const firstChecks = [true, false, true, true, false, false];
  smtp.accepts = (username, password) => {
    const isNew = username !== secret.username;
    return accepts(username, password) && (!isNew || (firstChecks.shift() ?? true));
  };
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  smtp.accepts = accepts;
  expect(firstChecks).toEqual([]);
  expect(aws.account.live('mailer')).toContain((await value('AWSCURRENT')).username);
});

test('the secret access key is in no version and in no message', async () => {
  const { begin, deliver, value, secretString, log } = await rig(sesSmtp(options), { secret: fresh() });
  await begin();
  await deliver('createSecret');
  smtp.nextAnswer = '454 Temporary authentication failure';
  const error = await rejection(deliver('testSecret'));
  const { secret } = aws.account.users.get('mailer')!.at(-1)!;
  const { password, username } = await value('AWSPENDING');
  expect(smtp.accepts(username, password)).toBe(true);
  const told = allOf(error) + inspect(log);
  expect(leaks(told, password)).toBeUndefined();
  expect(leaks(told + (await secretString('AWSPENDING')), secret)).toBeUndefined();
});

test.each([
  ['454 Temporary authentication failure', 'ERR_SERVICE_FAILED'],
  ['421 Too many concurrent SMTP connections', 'ERR_SERVICE_FAILED'],
  ['535 Authentication Credentials Invalid', 'ERR_CREDENTIAL_REJECTED'],
])('%s is %s', async (answer, code) => {
  const { begin, deliver } = await rig(sesSmtp(options), { secret: fresh() });
  await begin();
  await deliver('createSecret');
  smtp.nextAnswer = answer;
  expect(await rejection(deliver('testSecret'))).toMatchObject({ code });
});

test('a server whose certificate is not trusted is sent no password', async () => {
  const { connectTo } = options;
  const { rotate } = await rig(sesSmtp({ propagationMs: 0, ...(connectTo && { connectTo }) }), {
    secret: fresh(),
  });
  expect((await rotate()).steps.at(-1)?.error).toMatchObject({
    code: 'ERR_TLS_NOT_TRUSTED',
    hint: expect.stringContaining('`ca`'),
  });
  expect(smtp.commands).toEqual([]);
  expect(aws.account.live('mailer')).toHaveLength(1);
});

test('a port where nobody listens, and a name that there is not, are told apart', async () => {
  const failureAt = async (connectTo: { readonly host: string; readonly port: number }) => {
    const { rotate } = await rig(sesSmtp({ propagationMs: 0, connectTo }), { secret: fresh() });
    return (await rotate()).steps.at(-1)?.error;
  };
  expect(await failureAt({ host: '127.0.0.1', port: 1 })).toMatchObject({
    code: 'ERR_SERVICE_REFUSED',
    message: 'could not log in by SMTP: 127.0.0.1:1 refuses connections (ECONNREFUSED)',
    hint: expect.stringContaining('port 465'),
  });
  expect(await failureAt({ host: 'nowhere.invalid', port: 465 })).toMatchObject({
    code: 'ERR_SERVICE_NOT_FOUND',
    message: expect.stringMatching(
      /^could not log in by SMTP: nowhere\.invalid:465 (has no DNS entry|got no answer from DNS) \(E/,
    ),
  });
});

test.each([
  'mail.example.com',
  'email-smtp.eu-central-1.amazonaws.com.example.com',
  'x.email-smtp.eu-central-1.amazonaws.com',
])('the password is sent to no host such as %s', async (host) => {
  const { rotate } = await rig(sesSmtp(options), { secret: { ...fresh(), host } });
  expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
  expect(smtp.commands).toEqual([]);
});
