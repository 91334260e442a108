const headers = { authorization: 'Bearer {key}' };
const url = 'https://keys.example';

/** For the function of any provider, which reads its spec when it is loaded. */
const API_KEY_SPEC = {
  name: 'bench',
  key: 'key',
  id: 'id',
  create: { method: 'POST', url, headers, json: { name: '{key.name}' }, key: '/key', id: '/id' },
  check: { url, headers },
  list: { url, headers, items: '', id: '/id', name: '/name', createdAt: '/createdAt' },
  revoke: { method: 'DELETE', url: `${url}/{key.id}`, headers },
};

/** The environment of a function in Lambda, and nothing of the shell's: NODE_OPTIONS and a compile cache would count. */
export const LAMBDA_ENV = {
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  API_KEY_SPEC: JSON.stringify(API_KEY_SPEC),
  // The SDK tells of the versions of Node.js that it is going to leave behind.
  NODE_NO_WARNINGS: '1',
};
