// The entry of a bundle, made of a rotator's manifest. Of all that lambda.ts says, Lambda loads how the rotator is made:
// which rights it needs, and why, is for those who deploy it.
import { parse } from '@swc/core';

/** Has the module that exports `lambda = defineLambda({ … })` export the `handler` of its rotator in place of it. */
export async function bundleEntry(source, path) {
  const { body } = await parse(source, { syntax: 'typescript' });
  const [statement, call] = body.flatMap(manifestIn)[0] ?? [];
  const name = body
    .flatMap((each) => each.specifiers ?? [])
    .find((each) => each.local?.value === 'defineLambda');
  const rotator = call?.arguments[0]?.expression.properties?.find(
    ({ type, key }) => type === 'KeyValueProperty' && key.value === 'rotator',
  )?.value;
  if (!statement || !name || !rotator) {
    throw new Error(`${path} must export lambda = defineLambda({ rotator: … }), with defineLambda imported`);
  }
  // Counted in bytes, from 1.
  const bytes = Buffer.from(source);
  const slice = (from, to) => bytes.subarray(from - 1, to - 1).toString();
  // As many lines as before, for the source maps.
  const left = (from, to) => slice(from, to).replace(/[^\n]/g, '');
  const { span } = statement;
  const environment = rotator.params?.length === 0 ? '' : 'process.env';
  return [
    `${slice(1, name.span.start)}rotationHandler${slice(name.span.end, span.start)}`,
    `export const handler = rotationHandler((${left(span.start, rotator.span.start)}`,
    slice(rotator.span.start, rotator.span.end),
    `)(${environment}));${left(rotator.span.end, span.end)}`,
    slice(span.end, bytes.length + 1),
  ].join('');
}

function manifestIn(statement) {
  const { declarations = [] } = statement.declaration ?? {};
  return declarations
    .filter(({ id, init }) => id.value === 'lambda' && init?.callee?.value === 'defineLambda')
    .map(({ init }) => [statement, init]);
}
