// What Lambda's runtime for Node.js does, in small: it loads the handler, and asks the Runtime API for one event after another.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: folder, _HANDLER: location } = process.env;
const [file, name] = location.split('.');

const post = (path, body) =>
  fetch(`http://${api}/2018-06-01/runtime/${path}`, { method: 'POST', body: JSON.stringify(body) });

/** Lambda tells of a failure twice: in the answer, and in the log, there with all properties. */
async function fail(path, error) {
  const { name: errorType, message: errorMessage, stack } = error;
  const trace = stack.split('\n');
  process.stderr.write(`Invoke Error ${JSON.stringify({ errorType, errorMessage, ...error, trace })}\n`);
  await post(path, { errorType, errorMessage, trace });
}

try {
  const [path] = ['mjs', 'cjs'].map((type) => join(folder, `${file}.${type}`)).filter(existsSync);
  const { [name]: handler } = await import(pathToFileURL(path).href);
  for (;;) {
    const next = await fetch(`http://${api}/2018-06-01/runtime/invocation/next`);
    const awsRequestId = next.headers.get('lambda-runtime-aws-request-id');
    const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
    const context = { awsRequestId, getRemainingTimeInMillis: () => deadline - Date.now() };
    try {
      await post(`invocation/${awsRequestId}/response`, await handler(await next.json(), context));
    } catch (error) {
      await fail(`invocation/${awsRequestId}/error`, error);
    }
  }
} catch (error) {
  await fail('init/error', error);
}
