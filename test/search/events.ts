import { BY_HAND, type World } from './world.js';

export type EventName = 'a value put by hand' | 'a label moved back' | 'rotation cancelled';

/** What somebody else may do at any moment, all at once. */
interface Event {
  readonly name: EventName;
  isPossible(world: World): boolean;
  happen(world: World): Promise<void>;
}

export const EVENTS: readonly Event[] = [
  {
    name: 'a value put by hand',
    isPossible: (world) => hasRoom(world) || world.isLive(world.holder('AWSPREVIOUS')),
    async happen(world) {
      world.act();
      if (!hasRoom(world)) world.provider.revoke(world.keyOf(world.holder('AWSPREVIOUS')) ?? '');
      await world.secrets.putSecretValue({
        SecretId: world.secret.arn,
        ClientRequestToken: world.token(),
        SecretString: JSON.stringify(world.provider.issue(BY_HAND)),
      });
    },
  },
  {
    name: 'a label moved back',
    // To a value that works: nobody wants another.
    isPossible: (world) => world.isLive(world.holder('AWSPREVIOUS')),
    async happen(world) {
      world.act();
      await world.secrets.updateSecretVersionStage({
        SecretId: world.secret.arn,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: world.holder('AWSPREVIOUS'),
        RemoveFromVersionId: world.holder('AWSCURRENT'),
      });
    },
  },
  {
    name: 'rotation cancelled',
    isPossible: (world) => world.secret.rotation?.enabled === true,
    async happen(world) {
      world.act();
      await world.secrets.cancelRotateSecret({ SecretId: world.secret.arn });
    },
  },
];

function hasRoom({ provider, kind }: World): boolean {
  return provider.keys.size < kind.limit;
}
