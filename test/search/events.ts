import type { Act } from './service.js';
import type { World } from './world.js';

export type EventName = 'a value put by hand' | 'a label moved back' | 'rotation cancelled';

/** What somebody else may do at any moment, all at once. */
interface Event {
  readonly name: EventName;
  act(world: World): Act<Promise<unknown>>;
}

export const EVENTS: readonly Event[] = [
  {
    name: 'a value put by hand',
    act(world) {
      const current = world.value(world.holder('AWSCURRENT'));
      const make = world.service.byHand({ current, previous: world.value(world.holder('AWSPREVIOUS')) });
      return (
        make &&
        (() =>
          world.secrets.putSecretValue({
            SecretId: world.secret.arn,
            ClientRequestToken: world.token(),
            SecretString: JSON.stringify(make()),
          }))
      );
    },
  },
  {
    name: 'a label moved back',
    // To a value that works, or that is made to work: nobody wants another.
    act(world) {
      const previous = world.value(world.holder('AWSPREVIOUS'));
      const takeAgain = previous && world.service.takeAgain(previous);
      return (
        takeAgain &&
        (async () => {
          takeAgain();
          await world.secrets.updateSecretVersionStage({
            SecretId: world.secret.arn,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: world.holder('AWSPREVIOUS'),
            RemoveFromVersionId: world.holder('AWSCURRENT'),
          });
        })
      );
    },
  },
  {
    name: 'rotation cancelled',
    act: (world) =>
      world.secret.rotation?.enabled === true
        ? () => world.secrets.cancelRotateSecret({ SecretId: world.secret.arn })
        : undefined,
  },
];
