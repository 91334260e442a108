import { isRotationError } from '../../src/index.js';
import { STEPS } from '../../src/step.js';
import { NAME, type World } from './world.js';

/**
 * What comes after a schedule: AWS tries the rotation again, or somebody who has intervened clears up after himself; then
 * there is one more rotation.
 *
 * @returns what is wrong in the end
 */
export async function recover(world: World): Promise<string | undefined> {
  world.pass();
  const again = await corrected(world, await outcome(world, 'reattempt'));
  if (again !== undefined || (world.acts > 0 && !world.works(world.holder('AWSCURRENT')))) {
    if (world.acts === 0) return `wedged: ${again}`;
    const untold = await clearUp(world);
    if (untold !== undefined) return untold;
    const anew = await corrected(world, await rotation(world));
    if (anew !== undefined) return `wedged: ${anew}`;
  }
  if (!world.works(world.holder('AWSCURRENT'))) return 'AWSCURRENT is dead after the recovery';
  const next = await corrected(world, await rotation(world));
  if (next !== undefined) return `the next rotation fails: ${next}`;
  if (!world.works(world.holder('AWSCURRENT'))) return 'AWSCURRENT is dead in the end';
  const strays = world.strays();
  return strays.length > 0 ? `live credentials that no version holds: ${strays.join(', ')}` : undefined;
}

/** Corrects what an error names, such as a wrong declaration of the service, and tries again, as long as something is left. */
async function corrected(world: World, problem: string | undefined): Promise<string | undefined> {
  let left = problem;
  while (left !== undefined && world.service.correct?.(left)) left = await outcome(world, 'reattempt');
  return left;
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
 * What the hints of the errors say: take AWSPENDING away, after AWSCURRENT was put on the version that works, if rotations
 * do not find it by themselves.
 *
 * @returns what the errors should have said, if they do not
 */
async function clearUp(world: World): Promise<string | undefined> {
  const { working } = world;
  if (working === undefined) return 'no version works, with a label or without';
  const current = world.holder('AWSCURRENT');
  const pending = world.holder('AWSPENDING');
  const untold = await notTold(world, working, pending);
  const next = world.service.healsItself && isTried(world, working) ? current : working;
  if (next !== current) await move(world, 'AWSCURRENT', current, next);
  if (pending !== undefined && pending !== next) await move(world, 'AWSPENDING', pending);
  return untold;
}

/** Once AWSPENDING is taken away. A version without a label is, if it is newer than AWSPREVIOUS. */
function isTried(world: World, id: string): boolean {
  const { versions } = world.secret;
  const previous = world.holder('AWSPREVIOUS');
  if (id === previous || id === world.holder('AWSCURRENT')) return true;
  const [version, bound] = [versions.get(id), versions.get(previous ?? '')];
  return version !== undefined && (!bound || version.createdDate > bound.createdDate);
}

async function notTold(world: World, working: string, pending = working): Promise<string | undefined> {
  const { versions, rotation } = world.secret;
  // Who has cancelled it knows; the function says nothing else then.
  if (rotation?.enabled === false) return undefined;
  if (versions.get(working)?.labels.size === 0 && !(await isTold(world, working, 'ERR_ROTATION_ABANDONED')))
    return `nobody is told that only version ${working} works`;
  if (pending === world.holder('AWSPREVIOUS') && !(await isTold(world, pending, 'ERR_ROTATION_UNDONE')))
    return `nobody is told to take AWSPENDING off version ${pending}`;
  return undefined;
}

/** What the hint must name. */
const TELLING = {
  ERR_ROTATION_ABANDONED: (token: string) => `GetSecretValue with VersionId ${token}`,
  ERR_ROTATION_UNDONE: (token: string) => `--version-stage AWSPENDING --remove-from-version-id ${token}`,
};

/** Whether each step of a rotation is refused, and says what to do instead. */
async function isTold(world: World, token: string, code: keyof typeof TELLING): Promise<boolean> {
  for (const Step of STEPS) {
    try {
      await world.undisturbed({ Step, SecretId: world.secret.arn, ClientRequestToken: token });
      return false;
    } catch (error) {
      if (!isRotationError(error) || error.code !== code || !error.hint?.includes(TELLING[code](token)))
        return false;
    }
  }
  return true;
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
