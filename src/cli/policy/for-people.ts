import type { Declaration, Right } from '../command.js';
import type { PolicyInput } from './declaration.js';
import { type PolicyDocument, policyDocument, policyParts } from './document.js';
import { type Grant, keyGrant } from './grants.js';
import { readNamedForPeople } from './options.js';

/** The rights of applications that read a secret with `quarterturn/client`. */
const CLIENT_RIGHTS: readonly Right[] = [
  {
    action: 'secretsmanager:GetSecretValue',
    on: 'secret',
    why: 'reads AWSCURRENT; and AWSPENDING, if the service refuses AWSCURRENT during a rotation',
  },
  {
    action: 'kms:Decrypt',
    on: 'key',
    why: 'decrypts the value; needed only if the secret uses your own KMS key',
  },
  {
    action: 'secretsmanager:BatchGetSecretValue',
    on: 'all',
    why: 'reads many secrets at once, for prefetch(); without it, prefetch() reads them one by one',
  },
];

/** Somebody who needs rights: an application, or the operator who runs a command. */
interface Holder {
  /** `quarterturn status`. */
  readonly name: string;
  /** For ids of statements. */
  readonly sid: string;
  readonly rights: readonly Right[];
}

/**
 * Returns the text of `policy --for`: the least rights of applications, or of each command.
 *
 * @throws UsageError
 */
export function policyForPeople(input: PolicyInput, declarations: readonly Declaration[]): string {
  const { secret, key, functionArn } = readNamedForPeople(input);
  const whom = input.options.for;
  const holders = whom === 'client' ? [CLIENT] : operators(declarations);
  const parts = policyParts({ rotator: '', functionArn, named: { targets: [], ...(secret && { secret }) } });
  const resources = {
    secret: secret ?? 'arn:{partition}:secretsmanager:{region}:{account}:secret:NAME-??????',
    function: functionArn ?? 'arn:{partition}:lambda:{region}:{account}:function:NAME',
    all: '*',
    key,
  };
  const granted = holders.map((holder) => ({ holder, grants: grantsOf(holder, resources) }));
  if (input.options.json) {
    const reasons = holders.flatMap(({ name, rights }) =>
      rights.map(({ action, on, why }) => ({ holder: name, action, on, why })),
    );
    const policy = policyDocument(
      granted.flatMap(({ grants }) => grants),
      parts,
    );
    return `${JSON.stringify({ for: whom, policy, reasons }, undefined, 2)}\n`;
  }
  return granted.map(({ holder, grants }) => text(holder, policyDocument(grants, parts))).join('\n');
}

const CLIENT: Holder = {
  name: 'an application with quarterturn/client',
  sid: 'Client',
  rights: CLIENT_RIGHTS,
};

function operators(declarations: readonly Declaration[]): readonly Holder[] {
  return declarations.flatMap(({ name, rights = [] }) =>
    rights.length === 0
      ? []
      : [{ name: `quarterturn ${name}`, sid: name.charAt(0).toUpperCase() + name.slice(1), rights }],
  );
}

type Resources = Readonly<Record<Right['on'], string | undefined>>;

/** Returns one statement for each kind of resource. */
function grantsOf({ sid, rights }: Holder, resources: Resources): readonly Grant[] {
  return (['secret', 'function', 'all', 'key'] as const).flatMap((on) => {
    const permissions = rights
      .filter((right) => right.on === on)
      .map(({ action, why }) => ({ action, why, steps: [] }));
    const resource = resources[on];
    if (permissions.length === 0 || resource === undefined) return [];
    const name = `${sid}On${on.charAt(0).toUpperCase()}${on.slice(1)}`;
    return on === 'key'
      ? [keyGrant(name, permissions, resource, resources.secret ?? '*')]
      : [{ sid: name, permissions, resources: [resource] }];
  });
}

function text({ name, rights }: Holder, policy: PolicyDocument): string {
  const reasons = rights.map(({ action, on, why }) => `  ${action} (on ${ON[on]}): ${why}`);
  return `${[`What ${name} needs`, ...reasons, '', JSON.stringify(policy, undefined, 2)].join('\n')}\n`;
}

const ON: Readonly<Record<Right['on'], string>> = {
  secret: 'the secret',
  key: 'its KMS key: --kms',
  function: 'its rotation function',
  all: '*: IAM has no resource type for it',
};
