import { randomBytes } from 'node:crypto';
import { AwsRefusal } from './aws-query.js';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly createdAt: Date;
}

export type Params = Readonly<Record<string, string>>;

const USERS = 'arn:aws:iam::123456789012:user/apps/';

/** The users of an AWS account, and their access keys: it refuses what IAM refuses. */
export class IamAccount {
  readonly users = new Map<string, AccessKey[]>();
  /** Keys per page of a list. */
  pageSize = 100;
  /** What the next keys will be unknown to STS for: so many calls. */
  lag = 0;
  /** What the first calls with a new key get, one after the other: one server of STS knows it, the next does not. */
  firstChecks: readonly boolean[] = [];
  /** For how many calls STS still knows a key that was deleted. */
  echoes = 0;
  /** What deletes no key: the code of a refusal. */
  refusesToDelete: string | undefined;
  /** IAM's clock. It shows whole seconds. */
  now: () => number = Date.now;
  /** By the id of a key: how many calls still do not know it. */
  readonly #lags = new Map<string, number>();
  readonly #checks = new Map<string, boolean[]>();
  readonly #deleted = new Map<string, { readonly secret: string; readonly arn: string; echoes: number }>();

  /** Makes a key as an administrator would, known to everybody at once. */
  issue(userName: string): { userName: string; accessKeyId: string; secretAccessKey: string } {
    const { id, secret } = this.#create(userName);
    return { userName, accessKeyId: id, secretAccessKey: secret };
  }

  /** The ids of the keys that live, in the order of their making. */
  live(userName: string): string[] {
    return this.#keysOf(userName).map(({ id }) => id);
  }

  accepts(id: unknown, secret: unknown): boolean {
    return [...this.users.values()].flat().some((key) => key.id === id && key.secret === secret);
  }

  /** The secret key of a key that is known by now, and the user whose it is. */
  lookUp(id: string): { readonly secret: string; readonly arn: string } | undefined {
    const lag = this.#lags.get(id) ?? 0;
    this.#lags.set(id, lag - 1);
    if (lag > 0 || this.#checks.get(id)?.shift() === false) return undefined;
    const deleted = this.#deleted.get(id);
    if (deleted && deleted.echoes-- > 0) return deleted;
    for (const [name, keys] of this.users) {
      const key = keys.find((candidate) => candidate.id === id);
      if (key) return { secret: key.secret, arn: USERS + name };
    }
    return undefined;
  }

  /** What an action answers; `undefined` if there is no such action. */
  answer(action: string, { UserName = '', AccessKeyId = '', Marker = '0' }: Params): object | undefined {
    const member = ({ id, createdAt }: AccessKey) => ({
      ...{ UserName, AccessKeyId: id, Status: 'Active' },
      CreateDate: `${createdAt.toISOString().slice(0, 19)}Z`,
    });
    switch (action) {
      case 'CreateAccessKey': {
        const key = this.#create(UserName);
        if (this.lag > 0) this.#lags.set(key.id, this.lag);
        this.#checks.set(key.id, [...this.firstChecks]);
        return { AccessKey: { ...member(key), SecretAccessKey: key.secret } };
      }
      case 'ListAccessKeys': {
        const end = Number(Marker) + this.pageSize;
        const keys = this.#keysOf(UserName);
        const page = keys.slice(Number(Marker), end).map(member);
        const more = end < keys.length ? { IsTruncated: true, Marker: end } : { IsTruncated: false };
        return { UserName, AccessKeyMetadata: { member: page }, ...more };
      }
      case 'DeleteAccessKey': {
        const keys = this.#keysOf(UserName);
        const at = keys.findIndex(({ id }) => id === AccessKeyId);
        if (at < 0) {
          const message = `The Access Key with id ${AccessKeyId} cannot be found.`;
          throw new AwsRefusal(404, 'NoSuchEntity', message);
        }
        const { refusesToDelete: code } = this;
        if (code !== undefined) throw new AwsRefusal(409, code, 'The request was rejected.');
        const [{ secret } = { secret: '' }] = keys.splice(at, 1);
        this.#deleted.set(AccessKeyId, { secret, arn: USERS + UserName, echoes: this.echoes });
        return {};
      }
      default:
        return undefined;
    }
  }

  #create(userName: string): AccessKey {
    const keys = this.#keysOf(userName);
    if (keys.length >= 2) {
      throw new AwsRefusal(409, 'LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2');
    }
    const id = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const key = { id, secret: randomBytes(30).toString('base64'), createdAt: new Date(this.now()) };
    keys.push(key);
    return key;
  }

  #keysOf(userName: string): AccessKey[] {
    const keys = this.users.get(userName);
    if (keys) return keys;
    throw new AwsRefusal(404, 'NoSuchEntity', `The user with name ${userName} cannot be found.`);
  }
}
