import { checkedLifetimeDays, type KeyTimes, LIFETIME_OPTION, type Rotator } from '../../../src/index.js';
import { type ApiKeySecret, apiKey } from '../index.js';
import { lifetime } from './lifetime.js';

export interface GitLabOptions extends KeyTimes {
  /**
   * Lifetime of a new token, in days: 1 to 400, and no more than the instance allows (365 by default). Set at least twice the
   * days between rotations, better three times, because AWSPREVIOUS is in use too. GitLab ends a token at the beginning of the
   * day in UTC: up to a day earlier.
   *
   * @default 90
   */
  readonly lifetimeDays?: number | undefined;
  /** Certificate authorities, in PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}

/**
 * Rotates a project or group access token of GitLab 17.2 or later. The secret's JSON has the fields of AWS's
 * type GitLabAccessToken, `token`, `tokenId`, `gitlabUrl`, and `projectId` or `groupId`. It also has `adminSecretArn`, the
 * ARN of a secret with `token` and the same `gitlabUrl`.
 *
 * That token needs the scope `api`, and the role Maintainer in the project, or Owner in the group: a project's own tokens
 * cannot make others. The new token has the scopes and the role of the old one, and a different bot user. The rotator does not
 * call `/rotate`, which ends the old token at once, and treats a second call as theft. It cannot test a token that may not
 * read itself (`/personal_access_tokens/self`): 403 is an error, and not a refusal.
 *
 * @throws TypeError if `lifetimeDays` is invalid
 *
 * @see https://docs.gitlab.com/api/project_access_tokens/
 * @see https://docs.gitlab.com/api/group_access_tokens/
 */
export function gitlab(options: GitLabOptions = {}): Rotator<ApiKeySecret, string> {
  const ofProject = tokensOf('projects', 'projectId', options);
  const ofGroup = tokensOf('groups', 'groupId', options);
  const kindOf = (secret: object) => (Object.hasOwn(secret, 'groupId') ? ofGroup : ofProject);
  return {
    ...ofProject,
    shows: [...ofProject.shows, 'groupId'],
    parse(json) {
      const isOfProject = (json.projectId ?? undefined) !== undefined;
      if (isOfProject === ((json.groupId ?? undefined) !== undefined)) {
        throw new TypeError('the secret must have either "projectId" or "groupId", and not both');
      }
      return (isOfProject ? ofProject : ofGroup).parse(json);
    },
    createSecret: (current, context) => kindOf(current).createSecret(current, context),
    testSecret: (pending, context) => kindOf(pending).testSecret(pending, context),
    finishSecret: (versions, context) => kindOf(versions.pending).finishSecret?.(versions, context),
    discardSecret: (made, current, context) => kindOf(current).discardSecret?.(made, current, context),
  };
}

function tokensOf(
  owners: string,
  owner: string,
  { lifetimeDays, ca, propagationMs, settleMs, ends }: GitLabOptions,
) {
  const expiresInDays = checkedLifetimeDays(lifetimeDays, lifetime) ?? lifetime.defaultDays;
  const headers = { 'private-token': '{admin.token}' };
  const tokens = `{gitlabUrl}/api/v4/${owners}/{${owner}}/access_tokens`;
  return apiKey({
    name: 'gitlab',
    key: 'token',
    id: 'tokenId',
    admin: 'adminSecretArn',
    shows: [owner],
    create: {
      method: 'POST',
      url: tokens,
      headers,
      current: { url: `${tokens}/{tokenId}`, headers },
      json: {
        name: '{key.name}',
        scopes: '{current:/scopes}',
        access_level: '{current:/access_level}',
        expires_at: '{expiry.date}',
      },
      ...(expiresInDays !== undefined && { expiresInDays }),
      key: '/token',
      id: '/id',
    },
    check: {
      url: '{gitlabUrl}/api/v4/personal_access_tokens/self',
      headers: { 'private-token': '{token}' },
      expect: { '/active': true },
      id: '/id',
    },
    list: {
      url: `${tokens}?state=active&per_page=100`,
      headers,
      items: '',
      id: '/id',
      name: '/name',
      createdAt: '/created_at',
      expiresAt: '/expires_at',
      where: { '/revoked': false },
      pages: { parameter: 'page', first: 1 },
    },
    revoke: { method: 'DELETE', url: `${tokens}/{key.id}`, headers },
    lifetimeOption: LIFETIME_OPTION,
    ...{ propagationMs, settleMs, ends },
    ...(ca !== undefined && { ca }),
  });
}
