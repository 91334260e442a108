import { isRotationError } from '../../src/index.js';
import { NAME, type World } from './world.js';

/**
 * What comes after a schedule: AWS tries the rotation again, or somebody who has intervened clears up after himself; then
 * there is one more rotation.
 *
 * @returns what is wrong in the end
 */
export async function recover(world: World): Promise<string | undefined> {
  world.pass();
  const again = await outcome(world, 'reattempt');
  if (again !== undefined || (world.acts > 0 && !world.works(world.holder('AWSCURRENT')))) {
    if (world.acts === 0) return `wedged: ${again}`;
    const untold = await clearUp(world);
    if (untold !== undefined) return untold;
    const anew = await rotation(world);
    if (anew !== undefined) return `wedged: ${anew}`;
  }
  if (!world.works(world.holder('AWSCURRENT'))) return 'AWSCURRENT is dead after the recovery';
  const next = await rotation(world);
  if (next !== undefined) return `the next rotation fails: ${next}`;
  if (!world.works(world.holder('AWSCURRENT'))) return 'AWSCURRENT is dead in the end';
  const strays = world.strays();
  return strays.length > 0 ? `live credentials that no version holds: ${strays.join(', ')}` : undefined;
}

async function rotation(world: World): Promise<string | undefined> {
  world.pass();
  try {
    await world.rotate();
  } catch (error) {
    return String(error);
  }
  return outcome(world, 'run');
}

/** Why a rotation did not succeed, or has not left the labels as it should. */
async function outcome(world: World, drive: 'run' | 'reattempt'): Promise<string | undefined> {
  const before = world.holder('AWSCURRENT');
  const rotation = world.secrets.rotation(NAME);
  try {
    const { outcome, steps } = await rotation[drive]();
    if (outcome === 'succeeded') return illegalLabels(world, rotation.token, before);
    const last = steps.at(-1);
    return `${outcome} in ${last?.step}: ${last?.error}`;
  } catch (error) {
    return String(error);
  }
}

/**
 * The end states that are AWS's: AWSCURRENT on the new version, AWSPREVIOUS on what was current before, AWSPENDING
 * nowhere or on the new version too, and no label elsewhere.
 */
function illegalLabels(
  world: World,
  token: string | undefined,
  before: string | undefined,
): string | undefined {
  const labelled = [...world.secret.versions.values()].filter(({ labels }) => labels.size > 0);
  const previous = world.holder('AWSPREVIOUS');
  const isLegal =
    labelled.length === 2 &&
    world.holder('AWSCURRENT') === token &&
    previous !== token &&
    // An earlier attempt may have moved the label: then it is not known here what was current before.
    (previous === before || (before === token && previous !== undefined)) &&
    [undefined, token].includes(world.holder('AWSPENDING'));
  const told = labelled.map(({ id, labels }) => `${id} ${[...labels].sort().join('+')}`);
  return isLegal ? undefined : `labels that are no end of a rotation: ${told.join(', ')}`;
}

/**
 * What the hints of the errors say: find out which value works, label it AWSCURRENT, take AWSPENDING away.
 *
 * @returns what the errors should have said, if they do not
 */
async function clearUp(world: World): Promise<string | undefined> {
  const { working } = world;
  if (working === undefined) return 'no version works, with a label or without';
  const hasNoLabel = world.secret.versions.get(working)?.labels.size === 0;
  const untold = hasNoLabel && !(await isTold(world, working));
  const current = world.holder('AWSCURRENT');
  if (working !== current) await move(world, 'AWSCURRENT', current, working);
  const pending = world.holder('AWSPENDING');
  if (pending !== undefined && pending !== working) await move(world, 'AWSPENDING', pending);
  return untold ? `nobody is told that only version ${working} works` : undefined;
}

/** Whether a delivery says where the value is that works, though no label leads to it. */
async function isTold(world: World, token: string): Promise<boolean> {
  // Who has cancelled it knows; the function says nothing else then.
  if (world.secret.rotation?.enabled === false) return true;
  try {
    await world.undisturbed({ Step: 'testSecret', SecretId: world.secret.arn, ClientRequestToken: token });
    return false;
  } catch (error) {
    return (
      isRotationError(error) &&
      error.code === 'ERR_ROTATION_ABANDONED' &&
      error.hint?.includes(token) === true
    );
  }
}

async function move(
  { secrets }: World,
  VersionStage: string,
  RemoveFromVersionId: string | undefined,
  MoveToVersionId?: string,
): Promise<void> {
  await secrets.updateSecretVersionStage({
    SecretId: NAME,
    VersionStage,
    RemoveFromVersionId,
    MoveToVersionId,
  });
}
