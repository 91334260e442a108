// Makes the JSON Schema of `apiKey(spec)` for editors, of the interfaces in spec.ts and their doc comments:
// node .build/spec-schema.mjs <file>
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Where the types are declared that a spec is made of. */
const FILES = [
  'rotators/api-key/spec.ts',
  'src/keys/key-declaration.ts',
  'src/network/http-checks.ts',
  'src/rotator.ts',
];

/** What JSON writes otherwise than TypeScript. */
const IN_JSON = {
  RegExp: {
    type: 'object',
    description: 'A regular expression, whose first group finds the id in the key.',
    properties: { pattern: { type: 'string', format: 'regex', description: 'Without slashes and flags.' } },
    required: ['pattern'],
    additionalProperties: false,
  },
  // Any JSON: a schema of it would say no more.
  JsonValue: {},
};

const types = new Map(FILES.flatMap(typesIn));
const definitions = {};

const whole = {
  // The version that all editors know.
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A spec of quarterturn/rotators/api-key',
  ...objectSchema('ApiKeySpec'),
  definitions,
};
const [, , file] = process.argv;
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(whole, undefined, 2)}\n`);

/** The types of a file, by their names. */
function typesIn(file) {
  // Positions count bytes, over all that was parsed before: the statement in front says where this file begins.
  const source = Buffer.from(`0;${readFileSync(join(ROOT, file))}`);
  const { body } = parseSync(source.toString(), { syntax: 'typescript' });
  const shift = body[0].span.start;
  return body
    .map((item) => item.declaration ?? item)
    .filter(({ type }) => type === 'TsInterfaceDeclaration' || type === 'TsTypeAliasDeclaration')
    .map((declared) => [declared.id.value, { declared, commentBefore }]);

  /** The doc comment that ends where a node begins. */
  function commentBefore(node) {
    const text = source.subarray(0, node.span.start - shift).toString();
    const [, comment = ''] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export\s+)?$/.exec(text) ?? [];
    return comment;
  }
}

function schemaOf(type) {
  switch (type.type) {
    case 'TsKeywordType':
      return keywordSchema(type.kind);
    case 'TsLiteralType':
      return literalSchema(type.literal);
    case 'TsTypeOperator':
    case 'TsParenthesizedType':
      return schemaOf(type.typeAnnotation);
    case 'TsArrayType':
      return { type: 'array', items: schemaOf(type.elemType) };
    case 'TsTupleType': {
      const items = type.elemTypes.map(({ ty }) => schemaOf(ty));
      return { type: 'array', items, minItems: items.length, maxItems: items.length };
    }
    case 'TsUnionType':
      return unionSchema(type.types);
    case 'TsTypeReference':
      return referenceSchema(type);
    default:
      throw new Error(`spec-schema.mjs does not know ${type.type}`);
  }
}

function keywordSchema(kind) {
  if (!['string', 'number', 'boolean', 'null'].includes(kind)) throw new Error(`no JSON is of type ${kind}`);
  return { type: kind };
}

/** `/${string}` is a string that begins so. */
function literalSchema(literal) {
  if (literal.type !== 'TemplateLiteral') return { const: literal.value };
  return { type: 'string', pattern: `^${literal.quasis[0].raw}` };
}

function unionSchema(all) {
  // Of a member that may be undefined, JSON has none.
  const parts = all.filter(({ kind }) => kind !== 'undefined').map(schemaOf);
  const [first] = parts;
  if (parts.length === 1) return first;
  if (parts.every((part) => 'const' in part)) return { enum: parts.map((part) => part.const) };
  const isPlain = parts.every((part) => typeof part.type === 'string' && Object.keys(part).length === 1);
  return isPlain ? { type: parts.map(({ type }) => type) } : { anyOf: parts };
}

function referenceSchema({ typeName: { value: name }, typeParams }) {
  if (Object.hasOwn(IN_JSON, name)) return IN_JSON[name];
  if (name === 'Readonly') return schemaOf(typeParams.params[0]);
  if (name === 'Record') {
    const [names, values] = typeParams.params.map(schemaOf);
    const { pattern } = names;
    return {
      type: 'object',
      ...(pattern !== undefined && { propertyNames: { pattern } }),
      additionalProperties: values,
    };
  }
  const { declared } = typeNamed(name);
  if (declared.type === 'TsTypeAliasDeclaration') return schemaOf(declared.typeAnnotation);
  if (!Object.hasOwn(definitions, name)) {
    definitions[name] = {}; // So that a type may hold itself.
    definitions[name] = objectSchema(name);
  }
  return { $ref: `#/definitions/${name}` };
}

function objectSchema(name) {
  const { declared, commentBefore } = typeNamed(name);
  const members = membersOf(name);
  return {
    type: 'object',
    ...described(commentBefore(declared)),
    properties: Object.fromEntries(members.map(({ name, schema }) => [name, schema])),
    required: members.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
    additionalProperties: false,
  };
}

/** The members of an interface, and of those that it extends. A member that is declared again replaces the other. */
function membersOf(name) {
  const { declared, commentBefore } = typeNamed(name);
  const own = declared.body.body.map((member) => ({
    name: member.key.value,
    isOptional: member.optional,
    // Not before it is asked for: an interface that another picks from may have functions.
    get schema() {
      const schema = schemaOf(member.typeAnnotation.typeAnnotation);
      const text = described(commentBefore(member));
      // Beside a reference nobody reads a description.
      return '$ref' in schema ? { ...text, allOf: [schema] } : { ...text, ...schema };
    },
  }));
  const inherited = declared.extends.flatMap(({ expression, typeArguments }) =>
    expression.value === 'Pick' ? picked(typeArguments.params) : membersOf(expression.value),
  );
  return [...inherited.filter((member) => !own.some(({ name }) => name === member.name)), ...own];
}

function picked([from, names]) {
  const wanted = names.type === 'TsUnionType' ? names.types : [names];
  const members = membersOf(from.typeName.value);
  return wanted.map(({ literal }) => {
    const member = members.find(({ name }) => name === literal.value);
    if (!member) throw new Error(`${from.typeName.value} has no property "${literal.value}"`);
    return member;
  });
}

function typeNamed(name) {
  const found = types.get(name);
  if (!found) throw new Error(`spec-schema.mjs does not know where ${name} is declared`);
  return found;
}

/** A doc comment as a schema has it: its paragraphs are lines, and JSON that is a default is one. */
function described(comment) {
  const text = comment
    .replace(/^[ \t]*\*? ?/gm, '')
    .replace(/\{@link (\w+)\}/g, '$1')
    .trim();
  const [prose = '', byDefault] = text.split(/\s*@default\s+/);
  const lines = prose.replace(/\n(?!\n|- )(?<!\n\n)/g, ' ').replace(/\n+/g, '\n');
  const standard = byDefault && defaultOf(byDefault.trim());
  return {
    ...((lines !== '' || standard?.text) && {
      description: [lines, standard?.text].filter(Boolean).join('\n'),
    }),
    ...(standard && 'value' in standard && { default: standard.value }),
  };
}

function defaultOf(text) {
  try {
    return { value: JSON.parse(text.replaceAll("'", '"')) };
  } catch {
    return { text: `Default: ${text}` };
  }
}
