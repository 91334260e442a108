import { sendgrid } from '../../../rotators/api-key/examples/sendgrid.js';
import { apiKey } from '../../../rotators/api-key/index.js';
import { specFrom } from '../../../rotators/api-key/spec-json.js';
import { deploy } from '../../support/deployment.js';
import { deskDialect, SPEC } from '../../support/desk-provider.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { ProviderServer } from '../../support/provider-server.js';

const SECRET = 'sEcReT-9fK2mQx7';

test('the Lambda rotates the key of a provider that its environment describes', async () => {
  const provider = await ProviderServer.start(deskDialect);
  const { id, key } = provider.keys.issue('made by hand');
  const secret = JSON.stringify({ url: provider.url, key, keyId: id });
  const { rotate, value, stop } = await deploy('api-key', secret, { API_KEY_SPEC: SPEC });
  try {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const next = await value('AWSCURRENT');
    expect(provider.keys.shown(next.key)).toMatchObject({ id: next.keyId, isLive: true });
    expect(provider.live()).toHaveLength(2);
  } finally {
    await stop();
    await provider.stop();
  }
});

test('without a description it is not loaded', async () => {
  const { runtime, stop } = await deploy('api-key', '{}');
  const failure = await rejection(runtime.invoke({}, { getRemainingTimeInMillis: () => 30_000 }));
  expect(failure).toMatchObject({
    name: 'TypeError',
    message: 'API_KEY_SPEC is empty: set it to a spec, in JSON',
  });
  await stop();
});

test('the description of a secret that is the key alone says where in it the id is', () => {
  const spec = sendgrid();
  const pattern = '^SG\\.([\\w-]+)\\.[\\w-]+$';
  expect(specFrom(JSON.stringify({ ...spec, id: { pattern } }))).toEqual(spec);
});

test.each([
  ['', 'API_KEY_SPEC is empty: set it to a spec, in JSON'],
  [`{"name": "${SECRET}"`, 'API_KEY_SPEC is not a JSON object'],
  [`["${SECRET}"]`, 'API_KEY_SPEC is not a JSON object'],
  ['null', 'API_KEY_SPEC is not a JSON object'],
  [
    `{"id": {"pattern": "(${SECRET}"}}`,
    '"id" must be the name of a field, or {"pattern": "<regular expression>"}',
  ],
  [
    `{"id": {"match": "${SECRET}"}}`,
    '"id" must be the name of a field, or {"pattern": "<regular expression>"}',
  ],
  [SPEC.replace('"keyId"', '"key"'), '"id" must not be the field with the key'],
])('%s is no description', async (json, message) => {
  const error = await rejection((async () => apiKey(specFrom(json)))());
  expect(error).toMatchObject({ name: 'TypeError', message });
  expect(leaks(allOf(error).replace(/^ {4}at .*$/gm, ''), SECRET)).toBeUndefined();
});
