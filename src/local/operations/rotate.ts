import { randomUUID } from 'node:crypto';
import type {
  CancelRotateSecretRequest,
  CancelRotateSecretResponse,
  RotateSecretRequest,
  RotateSecretResponse,
} from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';
import { ASSUMED } from '../assumptions.js';
import { assertLabelLimit, attach, holderOf } from '../store/labels.js';
import { assertRules, nextWindow } from '../store/schedule.js';
import { ACCOUNT, arnOf } from '../store/store.js';
import { isOvertaken } from '../store/stored-secret.js';
import { assertNameOrArn, type Call, commit, identity, live } from './call.js';
import { storeValue } from './write.js';

/**
 * Does what RotateSecret does before it answers: it checks the request, turns rotation on and attaches AWSPENDING to a new
 * version. If a check fails, nothing changes. LocalRotation runs the rotation afterwards.
 */
export function rotateSecret(call: Call, input: RotateSecretRequest): RotateSecretResponse {
  const { SecretId = '', ClientRequestToken: token, RotateImmediately = true } = input;
  assertNameOrArn(SecretId);
  if (token === undefined) throw refusals.rotationTokenMissing();
  if (input.ExternalSecretRotationMetadata || input.ExternalSecretRotationRoleArn) {
    throw refusals.notHere('rotation of managed external secrets');
  }
  const secret = live(call, SecretId);
  const lambdaArn = input.RotationLambdaARN || secret.rotation?.lambdaArn;
  if (lambdaArn === undefined) throw refusals.noRotationFunction();
  const { region } = call.settings;
  const name = lambdaArn.startsWith(arnOf('lambda', region)) ? functionName(lambdaArn) : undefined;
  if (name === undefined) throw refusals.invalidLambdaArn(region, ACCOUNT);
  if (!call.hasFunction(name)) throw refusals.cannotInvoke();
  if (input.RotationRules) assertRules(input.RotationRules);
  const answer = { ...identity(secret), VersionId: token };
  const pending = holderOf(secret.versions, 'AWSPENDING');
  if (ASSUMED.repeatedRotateSucceeds && pending?.id === token && secret.inFlight?.token === token)
    return answer;
  if (pending && !pending.labels.has('AWSCURRENT')) throw refusals.rotationUnfinished();
  if (secret.versions.has(token)) throw refusals.tokenInUse(token, secret.arn);

  const rules = input.RotationRules ?? secret.rotation?.rules;
  const kind = RotateImmediately ? 'rotate' : 'test';
  const current = kind === 'test' ? holderOf(secret.versions, 'AWSCURRENT') : undefined;
  const copy = { SecretString: current?.secretString, SecretBinary: current?.secretBinary };
  commit(call, secret, () => {
    // Only new rules and a successful rotation move the next window.
    const isNew = !secret.rotation?.enabled || input.RotationRules !== undefined;
    // Assumed: days count from now, not from the last change of the value.
    const schedule = isNew && { next: nextWindow(rules, call.now) };
    secret.rotation = { ...secret.rotation, enabled: true, lambdaArn, rules, ...schedule };
    attach(secret.versions, 'AWSPENDING', storeValue(secret, token, copy, call.now));
    assertLabelLimit(secret.versions);
    secret.inFlight = { token, rotationToken: randomUUID(), kind, attempt: 1, steps: [] };
  });
  const event = kind === 'rotate' ? 'RotationStarted' : 'TestRotationStarted';
  call.trail.record(event, secret, { token, time: call.now });
  return answer;
}

/** Turns rotation off. The unfinished version keeps AWSPENDING; function and rules stay for the next RotateSecret. */
export function cancelRotateSecret(call: Call, input: CancelRotateSecretRequest): CancelRotateSecretResponse {
  const secret = live(call, input.SecretId);
  const { rotation, inFlight } = secret;
  if (!rotation) throw refusals.neverConfigured();
  commit(call, secret, () => {
    secret.rotation = { ...rotation, enabled: false };
    secret.inFlight = undefined;
  });
  const isUnderWay = inFlight && !isOvertaken(secret, inFlight);
  return { ...identity(secret), ...(isUnderWay && { VersionId: inFlight.token }) };
}

/** Returns the name in a function's ARN, or undefined for any other text. */
export function functionName(arn: string): string | undefined {
  return /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:([\w-]+)(?::[\w$-]+)?$/.exec(arn)?.[1];
}
