import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type Tags } from 'yaml';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Fields = { readonly [name: string]: Json };

interface Template {
  readonly Parameters: { readonly [name: string]: Fields };
  readonly Conditions: Fields;
  readonly Mappings: { readonly [map: string]: { readonly [key: string]: Fields } };
  readonly Resources: {
    readonly [name: string]: { readonly Properties: Json; readonly [attribute: string]: Json };
  };
  readonly Metadata: Fields;
  readonly Rules: {
    readonly [name: string]: {
      readonly RuleCondition: Json;
      readonly Assertions: readonly { readonly Assert: Json; readonly AssertDescription: string }[];
    };
  };
}

export const TEXT = readFileSync(join(__dirname, '../../template.yaml'), 'utf8');

/** The short forms (`!Ref`) as the long ones (`Fn::Ref`), but for Ref and Condition. */
const FUNCTIONS = [
  'Ref',
  'Condition',
  'Equals',
  'Not',
  'And',
  'Or',
  'If',
  'Sub',
  'GetAtt',
  'Join',
  'Split',
  'Select',
  'FindInMap',
];
const customTags = FUNCTIONS.flatMap((name) => {
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const tag = `!${name}`;
  return [
    { tag, resolve: (text: string) => ({ [key]: text }) },
    { tag, collection: 'seq', resolve: (list: { toJSON(): Json }) => ({ [key]: list.toJSON() }) },
  ] as Tags;
});

export const TEMPLATE: Template = parse(TEXT, { customTags });

/** What CloudFormation itself puts in. */
const PSEUDO = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'stack',
};
const NOTHING = Symbol('AWS::NoValue');

/** Whether CloudFormation takes a value of a parameter. */
export function isAllowed(name: string, value: string): boolean {
  const { AllowedPattern = '', AllowedValues = [value] } = TEMPLATE.Parameters[name]!;
  return new RegExp(String(AllowedPattern)).test(value) && (AllowedValues as readonly Json[]).includes(value);
}

/** The properties of the resources that CloudFormation makes of the template with these parameters, by their names. */
export function deployed(
  parameters: Readonly<Record<string, string>>,
  /** The ARNs of resources, by `Name.Attribute`. Others are `<Name.Attribute>`. */
  attributes: Readonly<Record<string, string>> = {},
): Readonly<Record<string, Record<string, Json>>> {
  const { holds, evaluate } = evaluator(parameters, attributes);
  return Object.fromEntries(
    Object.entries(TEMPLATE.Resources)
      .filter(([, { Condition }]) => Condition === undefined || holds({ Condition }))
      .map(([name, { Properties }]) => [name, evaluate(Properties) as Record<string, Json>]),
  );
}

/** What CloudFormation says against these parameters. */
export function objections(parameters: Readonly<Record<string, string>>): readonly string[] {
  const { holds } = evaluator(parameters, {});
  return Object.values(TEMPLATE.Rules)
    .filter(({ RuleCondition }) => holds(RuleCondition))
    .flatMap(({ Assertions }) => Assertions.filter(({ Assert }) => !holds(Assert)))
    .map(({ AssertDescription }) => AssertDescription);
}

function evaluator(
  parameters: Readonly<Record<string, string>>,
  attributes: Readonly<Record<string, string>>,
) {
  for (const name of Object.keys(parameters)) {
    if (!TEMPLATE.Parameters[name] && !Object.hasOwn(PSEUDO, name)) throw new Error(`no ${name}`);
  }
  return { holds, evaluate };

  function refer(name: string): Json {
    const known: Readonly<Record<string, Json | undefined>> = { ...PSEUDO, ...parameters };
    return known[name] ?? TEMPLATE.Parameters[name]?.Default ?? attributes[name] ?? `<${name}>`;
  }

  function holds(test: Json): boolean {
    const [[name, rest]] = Object.entries(test as Fields) as [[string, readonly Json[]]];
    if (name === 'Condition') return holds(TEMPLATE.Conditions[String(rest)]!);
    if (name === 'Fn::Equals') return evaluate(rest[0]!) === evaluate(rest[1]!);
    if (name === 'Fn::Contains') return (rest[0] as readonly Json[]).includes(evaluate(rest[1]!) as Json);
    if (name === 'Fn::Not') return !holds(rest[0]!);
    return name === 'Fn::And' ? rest.every(holds) : rest.some(holds);
  }

  function evaluate(node: Json): Json | typeof NOTHING {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node))
      return node.map(evaluate).filter((value) => value !== NOTHING) as readonly Json[];
    const [[name, rest] = ['', '']] = Object.entries(node);
    return name === 'Ref' || name.startsWith('Fn::') ? call(name, rest) : fieldsOf(node as Fields);
  }

  function fieldsOf(node: Fields): Json {
    const fields = Object.entries(node).map(([name, value]) => [name, evaluate(value)] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== NOTHING)) as Fields;
  }

  function call(name: string, rest: Json): Json | typeof NOTHING {
    const list = Array.isArray(rest) ? (rest as readonly Json[]) : [rest];
    switch (name) {
      case 'Ref':
        return rest === 'AWS::NoValue' ? NOTHING : refer(String(rest));
      case 'Fn::GetAtt':
        return attributes[String(rest)] ?? `<${rest}>`;
      case 'Fn::If':
        return evaluate(holds({ Condition: list[0]! }) ? list[1]! : list[2]!);
      case 'Fn::Join':
        return (evaluate(list[1]!) as readonly Json[]).join(String(list[0]));
      case 'Fn::Split':
        return String(evaluate(list[1]!)).split(String(list[0]));
      case 'Fn::Select':
        return (evaluate(list[1]!) as readonly Json[])[Number(list[0])] ?? `<${list[0]}>`;
      case 'Fn::FindInMap': {
        const [map = '', key = '', name = ''] = list.map((part) => String(evaluate(part)));
        return TEMPLATE.Mappings[map]?.[key]?.[name] ?? `<${name}>`;
      }
      case 'Fn::Sub': {
        const own = evaluate(list[1] ?? {}) as Fields;
        return String(list[0]).replace(/\$\{([\w:.]+)\}/g, (_, key) =>
          String(own[key] ?? attributes[key] ?? refer(key)),
        );
      }
      default:
        throw new Error(`not known: ${name}`);
    }
  }
}
