import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { cloudflare } from '../../../rotators/api-key/examples/cloudflare.js';
import { confluent } from '../../../rotators/api-key/examples/confluent.js';
import { grafana } from '../../../rotators/api-key/examples/grafana.js';
import { okta } from '../../../rotators/api-key/examples/okta.js';
import { openai } from '../../../rotators/api-key/examples/openai.js';
import { sendgrid } from '../../../rotators/api-key/examples/sendgrid.js';
import { apiKey } from '../../../rotators/api-key/index.js';
import { MEMBERS } from '../../../rotators/api-key/shape.js';
import { specFrom } from '../../../rotators/api-key/spec-json.js';
import { built } from '../../support/built.js';
import { SPEC } from '../../support/desk-provider.js';

// The schema is made of spec.ts: what an editor says of a spec and what `apiKey()` says must not differ.

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

type Json = Record<string, unknown>;

const schema: Schema = JSON.parse(readFileSync(join(built('schema'), 'api-key.json'), 'utf8'));
const ajv = new Ajv({ formats: { regex: true }, allowUnionTypes: true, strictTuples: false });
const isValid = ajv.compile(schema);

/** As it stands in a file. */
const written = (spec: object): Json =>
  JSON.parse(
    JSON.stringify(spec, (_, value) => (value instanceof RegExp ? { pattern: value.source } : value)),
  );

const EXAMPLES = { cloudflare, confluent, grafana, okta, openai, sendgrid };

test.each(Object.entries(EXAMPLES))('the example for %s is valid', (_, example) => {
  isValid(written(example()));
  expect(isValid.errors).toBeNull();
});

/** Has all that may stand in a spec and has members. */
const whole = (): Json => ({
  ...written(grafana()),
  $schema: './node_modules/quarterturn/dist/schema/api-key.json',
  timeZone: 'UTC',
  list: { ...grafana().list, pages: { parameter: 'offset', first: 0, by: 'items' }, maxBytes: 2_097_152 },
});

/** The one of several schemas that has members. */
function resolved({ $ref, allOf, anyOf, items, ...rest }: Schema): Schema {
  const [first] = [allOf, anyOf, items].flat().filter((part) => part !== undefined);
  if ($ref !== undefined) return resolved(schema.definitions[$ref.split('/').at(-1)!]!);
  return first && !rest.properties ? resolved(first) : { ...rest };
}

/** The members of each part of a spec, by the name that errors give it. */
function membersIn(part: Schema, path: readonly string[] = []): readonly (readonly [string, Schema])[] {
  return Object.entries(part.properties ?? {}).flatMap(([name, member]) => {
    const at = [...path, name];
    return [[at.join('.'), member] as const, ...(name === 'id' ? [] : membersIn(resolved(member), at))];
  });
}

const ALL = membersIn(schema);

test('it has the members that the check at run time knows, and no others', () => {
  for (const [part, names] of Object.entries(MEMBERS)) {
    const prefix = part === 'spec' ? '' : `${part}.`;
    const own = ALL.map(([path]) => path).filter((path) => path.startsWith(prefix));
    const direct = own.map((path) => path.slice(prefix.length)).filter((name) => !name.includes('.'));
    expect(direct.toSorted()).toEqual([...names].sort());
  }
});

test.each(ALL)('%s has a description', (_, { description = '' }) => {
  expect(description.length).toBeGreaterThan(8);
});

/** A spec with one member more, or another value of one. */
function planted(path: string, value: unknown): Json {
  const spec = whole();
  const names = path.split('.');
  const last = names.pop()!;
  const owner = names.reduce((object: object, name) => {
    // What the spec does not have is begun.
    if (!Object.hasOwn(object, name)) Reflect.set(object, name, {});
    return Reflect.get(object, name);
  }, spec);
  Reflect.set(owner, last, value);
  return spec;
}

const made = (spec: Json) => apiKey(specFrom(JSON.stringify(spec)));

test('the spec in which these tests spoil something is valid', () => {
  expect(isValid(whole())).toBe(true);
  expect(made(whole()).name).toBe('grafana');
  expect(isValid(JSON.parse(SPEC))).toBe(true);
});

test.each(['cretae', 'list.page', 'list.pages.size', 'check.headesr.x', 'create.current.untli'])(
  'neither the schema nor the run time takes an unknown member: %s',
  (path) => {
    const [first, ...rest] = path.split('.');
    const spec = rest.join('.') === 'headesr.x' ? planted(`${first}.headesr`, { x: '' }) : planted(path, 'x');
    expect(isValid(spec)).toBe(false);
    expect(() => made(spec)).toThrow(TypeError);
  },
);

/** One of each type of JSON, and one of a type within a list and an object. */
const VALUES = [null, 7.5, 'no such value', true, [[]], { x: [] }];

test.each(ALL.map(([path]) => path))('what the schema refuses as %s, the run time refuses too', (path) => {
  const refused = VALUES.filter((value) => !isValid(planted(path, value)));
  // JSON that is sent may be anything.
  if (!path.endsWith('.json')) expect(refused.length).toBeGreaterThan(1);
  const taken = refused.filter((value) => {
    try {
      made(planted(path, value));
      return true;
    } catch (error) {
      expect(error).toMatchObject({ name: expect.stringMatching(/^(Type|Range)Error$/) });
      return !String(error).includes(path.split('.').slice(0, 2).join('.'));
    }
  });
  expect(taken).toEqual([]);
});
