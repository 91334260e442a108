import { httpUrl } from '../../src/index.js';
import { placeAt } from './pointers.js';
import { demand } from './shape.js';
import type { ApiKeySecret, JsonValue } from './spec.js';

/** The text between braces. */
export type Placeholder =
  /** `isServer`: the field begins a URL. */
  | {
      readonly of: 'secret' | 'admin';
      readonly field: string;
      readonly isServer?: boolean;
      readonly isInHeader?: boolean;
    }
  /** `isWhole`: the placeholder is a whole string of JSON. */
  | {
      readonly of: 'current';
      readonly pointer: string;
      readonly isWhole?: boolean;
      /** Whether the member is left out if the value is absent. */
      readonly isOptional?: boolean;
    }
  /** `isWhole`: the placeholder is in JSON, so its member can be left out. */
  | { readonly of: OfLifetime; readonly isWhole?: boolean }
  | { readonly of: 'key.name' | 'key.id' | 'expiry.date' | TokenName };

/** Placeholders for the tokens that logins return. */
export type TokenName = 'login.token' | 'adminLogin.token';

/** Lifetime of the key in use, in seconds; and the end of the next key if it lives as long. */
type OfLifetime = 'current.lifetime' | 'current.expiry';

const LIFETIMES: readonly OfLifetime[] = ['current.lifetime', 'current.expiry'];

/** Values for the placeholders. */
export interface Values {
  readonly secret: ApiKeySecret;
  readonly admin?: ApiKeySecret | undefined;
  readonly 'key.name'?: string;
  readonly 'key.id'?: string;
  readonly 'expiry.date'?: string;
  readonly 'login.token'?: string | undefined;
  readonly 'adminLogin.token'?: string | undefined;
  /** JSON about the key in use. */
  readonly current?: unknown;
  /** Undefined if the key in use has no end; so is `current.expiry`. */
  readonly 'current.lifetime'?: string | undefined;
  readonly 'current.expiry'?: string | undefined;
}

/** A part of a spec, as a function that fills in the values. */
export type Template<Filled> = (values: Values) => Filled;

/** Place of a template in the spec. */
export interface Source {
  /** Name of the member, for errors. */
  readonly member: string;
  /** Placeholders of the whole request. Each template adds its own. */
  readonly placeholders: Placeholder[];
  readonly isInHeader?: boolean;
}

/**
 * Compiles a text.
 *
 * @throws TypeError if a brace does not belong to a placeholder
 */
export function textTemplate(
  text: string,
  { member, placeholders, isInHeader = false }: Source,
  encode: (value: string) => string = String,
): Template<string> {
  // Every second piece was between braces.
  const pieces = text.split(/\{([^{}]*)\}/).map((piece, n): Template<string> => {
    const isPlain = n % 2 === 0;
    const placeholder = isPlain ? undefined : read(piece);
    const isKnown = isPlain ? !/[{}]/.test(piece) : placeholder !== undefined;
    demand(isKnown, member, 'has a brace that does not belong to a known placeholder');
    if (placeholder === undefined) return () => piece;
    placeholders.push('field' in placeholder && isInHeader ? { ...placeholder, isInHeader } : placeholder);
    return (values) => encode(valueFor(placeholder, values));
  });
  return (values) => pieces.map((piece) => piece(values)).join('');
}

/** Compiles JSON. A string that is only `{current:/pointer}` becomes the value at that place, of any type. */
export function jsonTemplate(json: JsonValue, source: Source): Template<unknown> {
  if (typeof json === 'string') {
    const whole = read(/^\{([^{}]*)\}$/.exec(json)?.[1] ?? '');
    const ofLifetime = LIFETIMES.find((of) => json.includes(`{${of}}`));
    if (ofLifetime) return lifetimeTemplate(json, ofLifetime, source);
    if (whole?.of !== 'current') return textTemplate(json, source);
    source.placeholders.push({ ...whole, isWhole: true });
    const { find } = placeAt(whole.pointer);
    // With `?`, null counts as absent too: not every provider accepts the null that it shows.
    return ({ current }) => (whole.isOptional ? (find(current) ?? undefined) : find(current));
  }
  if (typeof json !== 'object' || json === null) return () => json;
  const parts = Object.entries(json).map(([name, value]) => [name, jsonTemplate(value, source)] as const);
  return Array.isArray(json)
    ? (values) => parts.map(([, part]) => part(values)).filter((value) => value !== undefined)
    : (values) => Object.fromEntries(parts.map(([name, part]) => [name, part(values)]));
}

/** Compiles a lifetime. Seconds alone become a number. If the key in use has no end, the member is left out. */
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
 * Compiles a URL. Each value stays within one segment of the path, or within the query. If that is impossible, the template
 * throws a TypeError that does not quote the value.
 */
export function urlTemplate(url: string, source: Source): Template<URL> {
  const [opening = '', field] = /^\{([^{}.:]+)\}/.exec(url) ?? [];
  if (field !== undefined) source.placeholders.push({ of: 'secret', field, isServer: true });
  const rest = textTemplate(url.slice(opening.length), source, encodeURIComponent);
  return (values) => {
    const server = field === undefined ? '' : serverUrl(values.secret[field] ?? '', field);
    const end = rest(values);
    // No encoding stops `..` from meaning the parent path.
    if (end.split(/[/?]/).some((part) => /^(\.|%2e){1,2}$/i.test(part))) {
      throw new TypeError('a field in the path of a URL must not be a dot, or two dots');
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
  // No regular expression: it would try every slash of a long row again.
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
  // The compiler checked the spec, so a missing value is a fault of this code.
  if (value === undefined) throw new TypeError('a placeholder has no value');
  return value;
}

function lookUp(placeholder: Placeholder, values: Values): string | undefined {
  if (placeholder.of === 'secret') return values.secret[placeholder.field];
  if (placeholder.of === 'admin') return values.admin?.[placeholder.field];
  // `current` is a whole value of any type, and never a part of a string.
  return placeholder.of === 'current' ? undefined : values[placeholder.of];
}
