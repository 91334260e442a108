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

/** What stands at some places of an answer. */
export type Expectation = Readonly<Record<Pointer, string | number | boolean | null>>;

/** Tells one kind of answer from all others: its status, or all that stands in it, whatever its status below 500. */
export type Sign = number | Expectation;

/**
 * A request of the provider's API. Its strings may hold placeholders, each escaped for where it stands:
 *
 * - `{field}`: of the secret. At the beginning of `url` it is the URL of a server, which ends where the path begins.
 * - `{admin.field}`: of the administrator's secret.
 * - `{login.token}`: what `login` has returned.
 * - `{adminLogin.token}`: what `adminLogin` has returned.
 * - `{key.name}` in `create`, `{key.id}` in `revoke`: of the key that is made, or ended; both in `create.second`.
 * - `{expiry.date}` in `create`: the day, in UTC, on which the key expires by `expiresInDays`.
 * - `{current:/pointer}` in `create.json`, as a whole string: what stands there in the answer to `create.current`;
 *   `{current?:/pointer}`, too, and where nothing stands there, or null, the member is left out.
 * - `{current.lifetime}` in `create.json`: for how many seconds the key in use was made to live; if it has no end, the member
 *   is left out.
 * - `{current.expiry}` in `create.json`: likewise, when the next key ends if it lives as long.
 */
export interface ApiRequest {
  /** What the request asks of the server. @default 'GET' */
  readonly method?: HttpMethod;
  /** https:, or http: within this machine. */
  readonly url: string;
  /** Headers, by their names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The user and the password of an Authorization header. */
  readonly basic?: readonly [user: string, password: string];
  /** The body. */
  readonly json?: JsonValue;
  /** The body, as a form. */
  readonly form?: Readonly<Record<string, string>>;
}

export interface CreateRequest extends ApiRequest {
  /** Where the key stands in the answer. Absent if it stands in that to `second`. */
  readonly key?: Pointer;
  /** Where its id does. */
  readonly id: Pointer;
  /** Asked before: describes the key in AWSCURRENT, whose rights the next is to have. */
  readonly current?: CurrentRequest;
  /** Sent after `create`, for a key that does not work or is not shown until then. */
  readonly second?: SecondRequest;
  /**
   * Fields of the secret, and where in the answer to `create` their next values stand: a text, a number, true or false. Where
   * nothing stands, or null, the field stays as it is. Messages show such a field only if `shows` names it. No request but
   * `check` and `login` may hold one.
   */
  readonly copies?: Readonly<Record<string, Pointer>>;
  /**
   * What the answer of a provider that has no room for another key holds, whatever its status: AWSPREVIOUS's key then ends,
   * and the next is made. Without it, an answer that speaks of a limit is an error, `ERR_SERVICE_FULL`, and ends nothing.
   */
  readonly full?: Expectation;
  /** In how many days the new key ends. Let it outlive two rotations, and tell the end by `list.expiresAt`. */
  readonly expiresInDays?: number;
}

/**
 * Activates a new key, or fetches its value. If it fails, the step fails, and the key is ended as any leftover is: `list` has to
 * show it, and `list.where` must not leave it out.
 */
export interface SecondRequest extends ApiRequest {
  /** Where the key stands in the answer, if it does not stand in that to `create`. */
  readonly key?: Pointer;
  /** What the answer holds when all went well. Something else is an error. */
  readonly expect?: Expectation;
}

/** Asks what the key in AWSCURRENT may do. */
export interface CurrentRequest extends ApiRequest {
  /** Where the array is, if the answer lists all keys. */
  readonly items?: Pointer | '';
  /** Where, in one of its items, the id is. */
  readonly id?: Pointer;
  /**
   * Where it says since when the key lives: with `until`, for `{current.lifetime}` and `{current.expiry}`. Both are times as
   * `list.createdAt` may have.
   */
  readonly from?: Pointer;
  /** Where it says when the key ends; nothing, null, 0, -1 and the year 1 are a key without an end. */
  readonly until?: Pointer;
}

/** A harmless call, with the key. An answer to it is JSON, or status 204. */
export interface CheckRequest extends ApiRequest {
  /**
   * The statuses that a live key gets. Others than successes need `expect` or `id`: a gateway that lets nobody in answers
   * 403 as well, to a dead key too.
   *
   * @default 200 to 299
   */
  readonly live?: readonly number[];
  /**
   * What a dead one is answered: statuses, and what the answer holds where the provider refuses with 200. All other answers tell
   * nothing.
   *
   * @default [401]
   */
  readonly dead?: readonly Sign[];
  /**
   * What else the answer to a live key holds. Something else is a dead one's, or an error if `dead` says what a dead one's
   * answer holds; nothing at all is an error.
   */
  readonly expect?: Expectation;
  /** Where the answer names the key's id, which must be the one in the secret. */
  readonly id?: Pointer;
}

export interface ListRequest extends ApiRequest {
  /** Where the array of keys is. */
  readonly items: Pointer | '';
  /** Where, in one of them, its id is. */
  readonly id: Pointer;
  /** Where, in one of them, its name is. Required, unless the spec has `ownsEveryKey`. */
  readonly name?: Pointer;
  /**
   * Where the time of creation is: a date and a time (ISO 8601), or seconds or milliseconds since 1970, as a number or
   * as its digits. A time without a zone needs `timeZone`. Without `createdAt` only what a failed attempt at the same
   * rotation left behind is found; what is left of a rotation that was given up is not.
   */
  readonly createdAt?: Pointer;
  /**
   * Where it says when the key ends: as `createdAt`, or a day, with whose beginning in UTC it ends. Nothing there, `null`,
   * 0, -1 and the year 1 are a key without an end. It is for a warning: finishSecret warns if the new key ends before the
   * rotation after the next.
   */
  readonly expiresAt?: Pointer;
  /** Which of them are live, where the list holds dead ones too. @default all */
  readonly where?: Expectation;
  /**
   * How the next page is asked for. `'link'`: the Link header of a page names the next (RFC 8288, `rel="next"`), at the
   * same origin. `'one'`: the provider shows all keys at once. Without it, a list that has as many items as a page may
   * have is a warning.
   */
  readonly pages?: PageNumbers | NextPage | 'link' | 'one';
  /**
   * The longest answer that is read, in bytes: 1 MiB (1048576) to 16 MiB (16777216). All pages together may have 8 MiB, or
   * as much as one answer if that is more.
   *
   * @default 1048576
   */
  readonly maxBytes?: number;
}

/** The query says which page is meant; after the last comes an empty one. */
export interface PageNumbers {
  /** The parameter of the query with the number. */
  readonly parameter: string;
  /** The number that the first page has, or the first item. */
  readonly first: 0 | 1;
  /**
   * What the number counts. `'items'`: it is an offset, and grows by as many items as a page had, so that no size of a page
   * need be known.
   *
   * @default 'pages'
   */
  readonly by?: 'pages' | 'items';
}

/** A page says how the next is asked for: by what goes into the query, or by a URL of the same origin. */
export interface NextPage {
  /** The parameter of the query, unless the page names a URL. */
  readonly parameter: string;
  /** Where a page names the next. */
  readonly next: Pointer;
}

export interface RevokeRequest extends ApiRequest {
  /**
   * The answer for a key that is not there: statuses, 409 and 422 too if the provider says so with them, or what the answer
   * holds.
   *
   * @default [404]
   */
  readonly gone?: readonly Sign[];
  /** What the answer holds when the key is ended. */
  readonly expect?: Expectation;
}

/**
 * Asks for a token that other requests show, with the administrator's secret. It is asked for anew whenever keys are made, listed
 * or ended, and is kept no longer.
 */
export interface AdminLoginRequest extends ApiRequest {
  /** Where the token stands in the answer. */
  readonly token: Pointer;
}

/** Likewise, with the key of the secret: AWSPENDING's or AWSCURRENT's, whichever is used. Each check logs in anew. */
export interface LoginRequest extends AdminLoginRequest {
  /** What a dead key is answered. To `check`, all other failures tell nothing. @default [401] */
  readonly dead?: readonly Sign[];
}

/** A kind of key of a provider with an HTTP API. */
export interface ApiKeySpec
  extends KeyTimes,
    Pick<
      IssuedKey<ApiKeySecret, string>,
      'name' | 'rejectionHint' | 'nameLength' | 'maxKeys' | 'ownsEveryKey' | 'lifetimeOption'
    > {
  /** Where the schema of this file is, for an editor. Nothing else reads it. */
  readonly $schema?: string;
  /** The field with the key. */
  readonly key: string;
  /** The field with the key's id; or, for a secret that is a plain text, where in the key it is: the first group. */
  readonly id: string | RegExp;
  /** Whether the secret may be a plain text, the key alone. */
  readonly text?: boolean;
  /** The field that names the administrator's secret. Never sent. */
  readonly admin?: string;
  /** Fields that messages may show, in addition to the id, the URL and the name of the administrator's secret. */
  readonly shows?: readonly string[];
  /** Sent before each request with `{login.token}`. */
  readonly login?: LoginRequest;
  /** Sent before each request with `{adminLogin.token}`. */
  readonly adminLogin?: AdminLoginRequest;
  /** Makes a key. */
  readonly create: CreateRequest;
  /** Tries a key. */
  readonly check: CheckRequest;
  /** Lists all keys, whoever made them. */
  readonly list: ListRequest;
  /** Ends a key. Of several requests, the last decides: the ones before may be refused when they are repeated. */
  readonly revoke: RevokeRequest | readonly RevokeRequest[];
  /**
   * The zone of times that do not name one. Without it such a time is an error, in `list.expiresAt` a warning: a wrong
   * guess would be hours off.
   */
  readonly timeZone?: 'UTC';
  /** Certificate authorities, PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}
