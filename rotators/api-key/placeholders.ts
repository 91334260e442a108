import { httpUrl } from '../../src/index.js';
import { placeAt } from './pointers.js';
import { demand } from './shape.js';
import type { ApiKeySecret, JsonValue } from './spec.js';

/** What stands between braces. */
export type Placeholder =
  /** `isServer`: it begins a URL. */
  | {
      readonly of: 'secret' | 'admin';
      readonly field: string;
      readonly isServer?: boolean;
      readonly isInHeader?: boolean;
    }
  /** `isWhole`: it is all that is in its string of JSON. */
  | {
      readonly of: 'current';
      readonly pointer: string;
      readonly isWhole?: boolean;
      /** Where nothing stands there, its member is left out. */
      readonly isOptional?: boolean;
    }
  /** `isWhole`: it stands in JSON, of which its member can be left out. */
  | { readonly of: OfLifetime; readonly isWhole?: boolean }
  | { readonly of: 'key.name' | 'key.id' | 'expiry.date' | TokenName };

/** What a login returns, as the requests after it name it. */
export type TokenName = 'login.token' | 'adminLogin.token';

/** How long the key in use lives, in seconds, and when the next one ends if it lives as long. */
type OfLifetime = 'current.lifetime' | 'current.expiry';

const LIFETIMES: readonly OfLifetime[] = ['current.lifetime', 'current.expiry'];

/** What is put in their places. */
export interface Values {
  readonly secret: ApiKeySecret;
  readonly admin?: ApiKeySecret | undefined;
  readonly 'key.name'?: string;
  readonly 'key.id'?: string;
  readonly 'expiry.date'?: string;
  readonly 'login.token'?: string | undefined;
  readonly 'adminLogin.token'?: string | undefined;
  /** What is said of the key in use. */
  readonly current?: unknown;
  /** `undefined`, both, if the key in use has no end. */
  readonly 'current.lifetime'?: string | undefined;
  readonly 'current.expiry'?: string | undefined;
}

/** A part of a spec, as a function of the values in it. */
export type Template<Filled> = (values: Values) => Filled;

/** Where a template comes from. */
export interface Source {
  /** Names it in errors. */
  readonly member: string;
  /** Those of the whole request: a template adds what it finds. */
  readonly placeholders: Placeholder[];
  readonly isInHeader?: boolean;
}

/**
 * Compiles a text.
 *
 * @throws TypeError for a brace that is no placeholder
 */
export function textTemplate(
  text: string,
  { member, placeholders, isInHeader = false }: Source,
  encode: (value: string) => string = String,
): Template<string> {
  // Every second piece stood between braces.
  const pieces = text.split(/\{([^{}]*)\}/).map((piece, n): Template<string> => {
    const isPlain = n % 2 === 0;
    const placeholder = isPlain ? undefined : read(piece);
    const isKnown = isPlain ? !/[{}]/.test(piece) : placeholder !== undefined;
    demand(isKnown, member, 'has a brace that is no placeholder');
    if (placeholder === undefined) return () => piece;
    placeholders.push('field' in placeholder && isInHeader ? { ...placeholder, isInHeader } : placeholder);
    return (values) => encode(valueFor(placeholder, values));
  });
  return (values) => pieces.map((piece) => piece(values)).join('');
}

/** Compiles JSON. A string that is nothing but `{current:/pointer}` becomes what stands there, of whatever type. */
export function jsonTemplate(json: JsonValue, source: Source): Template<unknown> {
  if (typeof json === 'string') {
    const whole = read(/^\{([^{}]*)\}$/.exec(json)?.[1] ?? '');
    const ofLifetime = LIFETIMES.find((of) => json.includes(`{${of}}`));
    if (ofLifetime) return lifetimeTemplate(json, ofLifetime, source);
    if (whole?.of !== 'current') return textTemplate(json, source);
    source.placeholders.push({ ...whole, isWhole: true });
    const { find } = placeAt(whole.pointer);
    // Where it may be absent, null is nothing too: not every provider takes back the null that it shows.
    return ({ current }) => (whole.isOptional ? (find(current) ?? undefined) : find(current));
  }
  if (typeof json !== 'object' || json === null) return () => json;
  const parts = Object.entries(json).map(([name, value]) => [name, jsonTemplate(value, source)] as const);
  return Array.isArray(json)
    ? (values) => parts.map(([, part]) => part(values)).filter((value) => value !== undefined)
    : (values) => Object.fromEntries(parts.map(([name, part]) => [name, part(values)]));
}

/** Seconds that stand alone are a number. If the key in use has no end, there is nothing, so that the member is left out. */
function lifetimeTemplate(text: string, of: OfLifetime, { member, placeholders }: Source): Template<unknown> {
  const own: Placeholder[] = [];
  const filled = textTemplate(text, { member, placeholders: own });
  placeholders.push(...own.map((part) => (isOfLifetime(part) ? { ...part, isWhole: true } : part)));
  const isNumber = text === '{current.lifetime}';
  return (values) => {
    if (values[of] === undefined) return undefined;
    return isNumber ? Number(filled(values)) : filled(values);
  };
}

export function isOfLifetime(part: Placeholder): part is Placeholder & { readonly of: OfLifetime } {
  return LIFETIMES.some((of) => of === part.of);
}

/**
 * Compiles a URL. Whatever a value holds, it becomes a part of one segment of the path, or of the query. If it cannot, the
 * template throws a TypeError that does not quote it.
 */
export function urlTemplate(url: string, source: Source): Template<URL> {
  const [opening = '', field] = /^\{([^{}.:]+)\}/.exec(url) ?? [];
  if (field !== undefined) source.placeholders.push({ of: 'secret', field, isServer: true });
  const rest = textTemplate(url.slice(opening.length), source, encodeURIComponent);
  return (values) => {
    const server = field === undefined ? '' : serverUrl(values.secret[field] ?? '', field);
    const end = rest(values);
    // No encoding keeps a dot from meaning the path above.
    if (end.split(/[/?]/).some((part) => /^(\.|%2e){1,2}$/i.test(part))) {
      throw new TypeError('a field that stands in the path of a URL must not be a dot, or two');
    }
    return httpUrl(server + end);
  };
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
  if (inner === 'login.token' || inner === 'adminLogin.token') return { of: inner };
  if (inner === 'current.lifetime' || inner === 'current.expiry') return { of: inner };
  const [, optional, pointer] = /^current(\?)?:(\/.*)$/.exec(inner) ?? [];
  if (pointer !== undefined) return { of: 'current', pointer, isOptional: optional !== undefined };
  const [, admin, field] = /^(admin\.)?([^.:]+)$/.exec(inner) ?? [];
  return field === undefined ? undefined : { of: admin === undefined ? 'secret' : 'admin', field };
}

function valueFor(placeholder: Placeholder, values: Values): string {
  const value = lookUp(placeholder, values);
  // The spec was checked when it was compiled: here, a field that it does not name would be our own fault.
  if (value === undefined) throw new TypeError('a placeholder has no value');
  return value;
}

function lookUp(placeholder: Placeholder, values: Values): string | undefined {
  if (placeholder.of === 'secret') return values.secret[placeholder.field];
  if (placeholder.of === 'admin') return values.admin?.[placeholder.field];
  // Whole, it has a value of any type; in a text no spec may have it.
  return placeholder.of === 'current' ? undefined : values[placeholder.of];
}
