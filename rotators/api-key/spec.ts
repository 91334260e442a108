import type { HttpMethod, IssuedKey, KeyTimes } from '../../src/index.js';

/** The fields of a secret that a spec names. */
export type ApiKeySecret = Readonly<Record<string, string>>;

/** A place in JSON, as RFC 6901 writes it: `/data/0/id`. */
export type Pointer = `/${string}`;

/** Any value of JSON. A string may hold placeholders. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Values that an answer must hold, by their places. */
export type Expectation = Readonly<Record<Pointer, string | number | boolean | null>>;

/** Recognizes one kind of answer: by its status, or by values that it holds, with any status below 500. */
export type Sign = number | Expectation;

/**
 * A request to the provider's API. Its strings may hold placeholders. Each value is escaped for its place:
 *
 * - `{field}`: field of the secret. At the beginning of `url` it is the URL of the server, without the path.
 * - `{admin.field}`: field of the administrator's secret.
 * - `{login.token}`: token that `login` returned.
 * - `{adminLogin.token}`: token that `adminLogin` returned.
 * - `{key.name}` in `create`: name of the new key. `{key.id}` in `revoke`: id of the key to end. `create.second` takes both.
 * - `{expiry.date}` in `create`: the day, in UTC, on which the key expires according to `expiresInDays`.
 * - `{current:/pointer}` in `create.json`, as a whole string: the value at that place in the answer to `create.current`. With
 *   `{current?:/pointer}`, the member is left out if the value is absent or null.
 * - `{current.lifetime}` in `create.json`: lifetime of the key in use, in seconds. If it has no end, the member is left out.
 * - `{current.expiry}` in `create.json`: time at which the next key ends if it lives as long as the key in use. If that has no
 *   end, the member is left out.
 */
export interface ApiRequest {
  /** HTTP method. @default 'GET' */
  readonly method?: HttpMethod;
  /** URL of the request: https:, or http: to this machine. */
  readonly url: string;
  /** Values of headers, by the headers' names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** User and password of an `Authorization: Basic` header. */
  readonly basic?: readonly [user: string, password: string];
  /** Body of the request, as JSON. */
  readonly json?: JsonValue;
  /** Body of the request, as a form. */
  readonly form?: Readonly<Record<string, string>>;
}

export interface CreateRequest extends ApiRequest {
  /** Place of the key in the answer. Leave it out if the answer to `second` has the key. */
  readonly key?: Pointer;
  /** Place of the key's id in the answer. */
  readonly id: Pointer;
  /** Sent before `create`: reads the rights of AWSCURRENT's key, so that the next key gets the same. */
  readonly current?: CurrentRequest;
  /** Sent after `create`, for a key that does not work or is not shown until then. */
  readonly second?: SecondRequest;
  /**
   * Fields of the secret, each with the place of its next value in the answer to `create`: a string, a number, true or false.
   * If the value is absent or null, the field stays as it is. Messages show such a field only if `shows` names it. Only `check`
   * and `login` may hold one.
   */
  readonly copies?: Readonly<Record<string, Pointer>>;
  /**
   * Values that show that the provider has no room for another key, whatever the status. The rotator then ends AWSPREVIOUS's
   * key, and makes the next one. Without `full`, an answer about a limit is an error, `ERR_SERVICE_FULL`, and no key is ended.
   */
  readonly full?: Expectation;
  /** Lifetime of the new key, in days. Let it outlive two rotations, and set `list.expiresAt`, so that an early end is noticed. */
  readonly expiresInDays?: number;
}

/**
 * Activates a new key, or fetches its value. If it fails, the step fails, and the key is a leftover, which the rotator ends
 * later. So `list` must show it, and `list.where` must not leave it out.
 */
export interface SecondRequest extends ApiRequest {
  /** Place of the key in the answer, if the answer to `create` does not have it. */
  readonly key?: Pointer;
  /** Values that the answer holds if the request succeeded. Any other answer is an error. */
  readonly expect?: Expectation;
}

/** Reads what AWSCURRENT's key may do. */
export interface CurrentRequest extends ApiRequest {
  /** Place of the array, if the answer lists all keys. */
  readonly items?: Pointer | '';
  /** Place of the id in an item of the array at `items`. */
  readonly id?: Pointer;
  /**
   * Place of the time at which the key's life began. `{current.lifetime}` and `{current.expiry}` need it, and `until`. Both
   * times are in a form that `list.createdAt` allows.
   */
  readonly from?: Pointer;
  /** Place of the time at which the key ends. No value, null, 0, -1 or the year 1 means that it has no end. */
  readonly until?: Pointer;
}

/** A harmless request with the key. The answer is JSON, or has status 204. */
export interface CheckRequest extends ApiRequest {
  /**
   * Statuses of the answer to a live key. A status of 400 or more needs `expect` or `id`, because a gateway may answer 403 to
   * every key, live or dead.
   *
   * @default 200 to 299
   */
  readonly live?: readonly number[];
  /**
   * Answers to a dead key: statuses or, if the provider refuses with status 200, values that the answer holds. Any answer that
   * is neither a live nor a dead key's is an error.
   *
   * @default [401]
   */
  readonly dead?: readonly Sign[];
  /**
   * Values that the answer to a live key holds. Other values mean a dead key, or an error if `dead` names values. An absent
   * value is always an error.
   */
  readonly expect?: Expectation;
  /** Place of the key's id in the answer. It must be the id in the secret. */
  readonly id?: Pointer;
}

export interface ListRequest extends ApiRequest {
  /** Place of the array of keys; `''` if the answer is the array. */
  readonly items: Pointer | '';
  /** Place of the id in an item. */
  readonly id: Pointer;
  /** Place of the name in an item. Required unless the spec has `ownsEveryKey`. */
  readonly name?: Pointer;
  /**
   * Place of the time of creation in an item: a date and a time (ISO 8601), or seconds or milliseconds since 1970, as a number
   * or as digits. A time without a zone needs `timeZone`. Without `createdAt`, the rotator finds the leftovers of the same
   * rotation, but not those of a rotation that was given up.
   */
  readonly createdAt?: Pointer;
  /**
   * Place of the time at which a key ends, in an item: a time as for `createdAt`, or a day, at whose beginning in UTC it ends.
   * No value, `null`, 0, -1 or the year 1 means that the key has no end. finishSecret warns if the new key ends before the
   * rotation after the next.
   */
  readonly expiresAt?: Pointer;
  /** Values that the items of live keys hold, if the list has dead keys too. @default all keys are live */
  readonly where?: Expectation;
  /**
   * How to request the next page. `'link'`: the Link header of a page names the next one (RFC 8288, `rel="next"`), at the
   * same origin. `'one'`: the provider shows all keys at once. Without `pages`, the rotator warns if the list has 20, 50, 100
   * or another usual number of items: it may be one page of several.
   */
  readonly pages?: PageNumbers | NextPage | 'link' | 'one';
  /**
   * Longest answer, in bytes: 1 MiB (1048576) to 16 MiB (16777216). All pages together may have 8 MiB, or `maxBytes` if that
   * is more.
   *
   * @default 1048576
   */
  readonly maxBytes?: number;
}

/** Pages by number: the query has the number of the page. An empty page ends the list. */
export interface PageNumbers {
  /** Name of the query parameter for the number. */
  readonly parameter: string;
  /** Number of the first page, or of the first item. */
  readonly first: 0 | 1;
  /**
   * What the number counts. `'items'` means an offset, which grows by the number of items on each page. So the spec need not
   * state the size of a page.
   *
   * @default 'pages'
   */
  readonly by?: 'pages' | 'items';
}

/** Pages by cursor: each page names the next one, by a value for the query or by a URL of the same origin. */
export interface NextPage {
  /** Name of the query parameter for the value. It is not used if the page names a URL. */
  readonly parameter: string;
  /** Place of the next page's value or URL in the answer. */
  readonly next: Pointer;
}

export interface RevokeRequest extends ApiRequest {
  /**
   * Answers for a key that does not exist: statuses, or values that the answer holds. Name 409 and 422 only if the provider
   * means that by them.
   *
   * @default [404]
   */
  readonly gone?: readonly Sign[];
  /** Values that the answer holds if the key has ended. */
  readonly expect?: Expectation;
}

/**
 * Fetches a token for other requests, with the administrator's secret. The rotator fetches a new token whenever it makes, lists
 * or ends keys, and keeps none.
 */
export interface AdminLoginRequest extends ApiRequest {
  /** Place of the token in the answer. */
  readonly token: Pointer;
}

/** Fetches a token for other requests, with the secret's own key: AWSPENDING's or AWSCURRENT's. Each check logs in anew. */
export interface LoginRequest extends AdminLoginRequest {
  /** Answers to a dead key. Every other failure is an error, also in `check`. @default [401] */
  readonly dead?: readonly Sign[];
}

/** A kind of key of a provider with an HTTP API. */
export interface ApiKeySpec
  extends KeyTimes,
    Pick<
      IssuedKey<ApiKeySecret, string>,
      'name' | 'rejectionHint' | 'nameLength' | 'maxKeys' | 'ownsEveryKey' | 'lifetimeOption'
    > {
  /** Path of this file's schema, for an editor. Nothing else reads it. */
  readonly $schema?: string;
  /** Name of the field with the key. */
  readonly key: string;
  /** Name of the field with the key's id. Or a RegExp whose first group finds the id in the key, as plain text needs it. */
  readonly id: string | RegExp;
  /** Whether the secret may be plain text: the key alone. */
  readonly text?: boolean;
  /** Name of the field with the ARN of the administrator's secret. No request sends it. */
  readonly admin?: string;
  /** Fields that messages may show, in addition to the id, the URL and the ARN of the administrator's secret. */
  readonly shows?: readonly string[];
  /** Request for `{login.token}`, sent before the requests that need it. */
  readonly login?: LoginRequest;
  /** Request for `{adminLogin.token}`, sent before the requests that need it. */
  readonly adminLogin?: AdminLoginRequest;
  /** Makes a key. */
  readonly create: CreateRequest;
  /** Tries a key. */
  readonly check: CheckRequest;
  /** Lists all keys, whoever made them. */
  readonly list: ListRequest;
  /** Ends a key. Of several requests, the last one decides; the provider may refuse the others when they are repeated. */
  readonly revoke: RevokeRequest | readonly RevokeRequest[];
  /**
   * Zone of times that name none. Without it, such a time is an error, and in `list.expiresAt` a warning, because a wrong guess
   * would be hours off.
   */
  readonly timeZone?: 'UTC';
  /** Certificate authorities, in PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}
