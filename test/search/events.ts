import type { Act } from './service.js';
import type { World } from './world.js';

export type EventName =
  | 'a value put by hand'
  | 'a field edited'
  | 'a label moved back'
  | 'rotation cancelled';

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
    name: 'a field edited',
    // As in the console: the same credential, stored anew. A rotation that is under way is given up by it. Not where keys
    // are issued: the one that AWSPREVIOUS had is pushed out by it, and stays for its owner to end.
    act(world) {
      const current = world.service.endsByLabels ? undefined : world.value(world.holder('AWSCURRENT'));
      return (
        current &&
        (() => {
          const ClientRequestToken = world.token();
          return world.secrets.putSecretValue({
            SecretId: world.secret.arn,
            ClientRequestToken,
            SecretString: JSON.stringify({ ...current, note: ClientRequestToken }),
          });
        })
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
