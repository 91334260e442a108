import { httpUrl } from '../../src/index.js';
import { valueAt } from './pointers.js';
import type { ApiKeySecret, ApiRequest, JsonValue } from './spec.js';

/** What stands between braces. */
export type Placeholder =
  | { readonly of: 'secret' | 'admin'; readonly field: string }
  | { readonly of: 'current'; readonly pointer: string }
  | { readonly of: 'key.name' | 'key.id' | 'expiry.date' };

/** What is put in their places. */
export interface Values {
  readonly secret: ApiKeySecret;
  readonly admin?: ApiKeySecret | undefined;
  readonly 'key.name'?: string;
  readonly 'key.id'?: string;
  readonly 'expiry.date'?: string;
  /** The answer to `create.current`. */
  readonly current?: unknown;
}

const BRACES = /\{([^{}]*)\}/g;
const WHOLE_CURRENT = /^\{current:([^{}]*)\}$/;

/** The placeholders of a text; `undefined` for one that is none, or a brace that stands alone. */
export function placeholdersOf(text: string): readonly (Placeholder | undefined)[] {
  const found = [...text.matchAll(BRACES)].map(([, inner = '']) => read(inner));
  return /[{}]/.test(text.replace(BRACES, '')) ? [...found, undefined] : found;
}

/** All strings of a request that may hold placeholders. */
export function textsOf({ url, headers = {}, basic, json, form = {} }: ApiRequest): readonly string[] {
  return [url, ...Object.values(headers), ...(basic ?? []), ...stringsOf(json), ...Object.values(form)];
}

/** The field that a URL begins with: the URL of a server. */
export function serverFieldOf(url: string): string | undefined {
  return /^\{([^{}.:]+)\}/.exec(url)?.[1];
}

/** Fills a template of text. */
export function filled(text: string, values: Values, encode: (value: string) => string = String): string {
  return text.replace(BRACES, (_, inner: string) => encode(valueFor(read(inner), values)));
}

/** What a template of JSON takes from the key in use. */
export function currentPointers(json: JsonValue | undefined): readonly string[] {
  return stringsOf(json).flatMap((text) => WHOLE_CURRENT.exec(text)?.[1] ?? []);
}

/** Fills a template of JSON. */
export function filledJson(json: JsonValue, values: Values): unknown {
  if (typeof json === 'string') {
    const [, pointer] = WHOLE_CURRENT.exec(json) ?? [];
    return pointer === undefined ? filled(json, values) : valueAt(values.current, pointer);
  }
  if (typeof json !== 'object' || json === null) return json;
  if (isList(json)) return json.map((item) => filledJson(item, values));
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, filledJson(value, values)]));
}

/**
 * Fills a template of a URL. What is put in is a part of a segment of its path, or of its query, whatever it holds.
 *
 * @throws TypeError that quotes nothing of it
 */
export function filledUrl(url: string, values: Values): URL {
  const field = serverFieldOf(url);
  const server = field === undefined ? '' : serverUrl(values.secret[field] ?? '', field);
  const rest = field === undefined ? url : url.slice(field.length + 2);
  const end = filled(rest, values, encodeURIComponent);
  // No encoding keeps a dot from meaning the path above.
  if (end.split(/[/?]/).some((part) => /^(\.|%2e){1,2}$/i.test(part))) {
    throw new TypeError('a field that stands in the path of a URL must not be a dot, or two');
  }
  return httpUrl(server + end);
}

/**
 * Reads the URL of a server, without a slash at the end.
 *
 * @throws TypeError naming the field
 */
export function serverUrl(value: string, field: string): string {
  const url = httpUrl(value, field);
  if (url.search !== '' || url.hash !== '') throw new TypeError(`"${field}" must not have a query`);
  // Not by a pattern, which would try every slash of a long row anew.
  let { length } = url.href;
  while ('/#?'.includes(url.href.charAt(length - 1))) length--;
  return url.href.slice(0, length);
}

function read(inner: string): Placeholder | undefined {
  if (inner === 'key.name' || inner === 'key.id' || inner === 'expiry.date') return { of: inner };
  const [, pointer] = /^current:(\/.*)$/.exec(inner) ?? [];
  if (pointer !== undefined) return { of: 'current', pointer };
  const [, admin, field] = /^(admin\.)?([^.:]+)$/.exec(inner) ?? [];
  return field === undefined ? undefined : { of: admin === undefined ? 'secret' : 'admin', field };
}

function valueFor(placeholder: Placeholder | undefined, values: Values): string {
  const value = lookUp(placeholder, values);
  // A spec is checked when it is made: here, a field that it does not name would be a fault of our own.
  if (value === undefined) throw new TypeError('a placeholder has no value');
  return value;
}

function lookUp(placeholder: Placeholder | undefined, values: Values): string | undefined {
  if (placeholder?.of === 'secret') return values.secret[placeholder.field];
  if (placeholder?.of === 'admin') return values.admin?.[placeholder.field];
  return placeholder === undefined || placeholder.of === 'current' ? undefined : values[placeholder.of];
}

function stringsOf(json: JsonValue | undefined): readonly string[] {
  if (typeof json === 'string') return [json];
  if (typeof json !== 'object' || json === null) return [];
  return Object.values(json).flatMap(stringsOf);
}

function isList(json: object): json is readonly JsonValue[] {
  return Array.isArray(json);
}
