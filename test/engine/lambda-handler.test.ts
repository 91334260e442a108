import { gate } from '../../src/cli/init/templates/password/rotator.js';
import { defineLambda, lambdaHandler, passwordPolicyFrom } from '../../src/index.js';

const made: Readonly<Record<string, string | undefined>>[] = [];
const lambda = defineLambda({
  rotator: ({ GATE_REALM, PASSWORD_LENGTH }) => {
    made.push({ GATE_REALM, PASSWORD_LENGTH });
    return gate();
  },
  environment: ['GATE_REALM', 'PASSWORD_LENGTH'],
  permissions: [],
  drivers: [],
});

/** Loads the function with this environment, and says which variables the process had when the rotator was made. */
function load(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { AWS_REGION: 'eu-west-1', ...env };
  const replaced = jest.replaceProperty(process, 'env', environment);
  try {
    lambdaHandler(lambda);
  } finally {
    replaced.restore();
  }
  return environment;
}

beforeEach(() => {
  made.length = 0;
});

test('variables of CUSTOM_ENVIRONMENT are set before the rotator is made, for all that reads the environment', () => {
  const environment = load({ CUSTOM_ENVIRONMENT: '{"GATE_REALM":"north","PASSWORD_LENGTH":"40"}' });
  expect(made).toEqual([{ GATE_REALM: 'north', PASSWORD_LENGTH: '40' }]);
  expect(passwordPolicyFrom(environment)).toMatchObject({ length: 40 });
});

test('without CUSTOM_ENVIRONMENT the rotator is made of the variables of the function alone', () => {
  load({ GATE_REALM: 'south' });
  expect(made).toEqual([{ GATE_REALM: 'south', PASSWORD_LENGTH: undefined }]);
});

test('a variable may be set in both places to the same text', () => {
  load({ GATE_REALM: 'north', CUSTOM_ENVIRONMENT: '{"GATE_REALM":"north"}' });
  expect(made).toEqual([{ GATE_REALM: 'north', PASSWORD_LENGTH: undefined }]);
});

const VALUE = 'kept-from-errors';

test.each([
  ['is empty', '', 'CUSTOM_ENVIRONMENT must be a JSON object of strings, such as {"NAME":"text"}'],
  ['is not JSON', `{"GATE_REALM":"${VALUE}"`, /must be a JSON object of strings/],
  ['is a list', `["${VALUE}"]`, /must be a JSON object of strings/],
  [
    'has a value that is no string',
    '{"PASSWORD_LENGTH":40}',
    '"PASSWORD_LENGTH" in CUSTOM_ENVIRONMENT must be a string',
  ],
  [
    'sets a variable that the manifest does not name',
    `{"GATE_RELAM":"${VALUE}"}`,
    'CUSTOM_ENVIRONMENT has "GATE_RELAM" that "environment" of the manifest does not name: it names GATE_REALM, PASSWORD_LENGTH',
  ],
  [
    'has a name that may be anything',
    `{"${VALUE}":"north"}`,
    /^CUSTOM_ENVIRONMENT has a name that "environment" /,
  ],
  [
    'sets NODE_OPTIONS',
    '{"NODE_OPTIONS":""}',
    /has "NODE_OPTIONS" that "environment" of the manifest does not name/,
  ],
  [
    'sets a variable that the function has with another text',
    `{"PASSWORD_LENGTH":"40","GATE_REALM":"${VALUE}"}`,
    'CUSTOM_ENVIRONMENT and the function\'s environment set "GATE_REALM" to different texts: remove one of them',
  ],
])(
  'the function is not loaded if CUSTOM_ENVIRONMENT %s: the error quotes no value, and no variable is set',
  (_, text, message) => {
    const environment: NodeJS.ProcessEnv = { GATE_REALM: 'south', CUSTOM_ENVIRONMENT: text };
    const replaced = jest.replaceProperty(process, 'env', environment);
    let error: unknown;
    try {
      lambdaHandler(lambda);
    } catch (thrown) {
      error = thrown;
    } finally {
      replaced.restore();
    }
    expect(error).toBeInstanceOf(TypeError);
    const { message: said, stack } = error as Error;
    expect(said).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(stack).not.toContain(VALUE);
    expect(stack).not.toContain('south');
    expect(made).toEqual([]);
    expect(environment).toEqual({ GATE_REALM: 'south', CUSTOM_ENVIRONMENT: text });
  },
);
