import { NAME, type World } from './world.js';

/**
 * What comes after a schedule: AWS tries the rotation again, or somebody who has intervened clears up after himself; then
 * there is one more rotation.
 *
 * @returns what is wrong in the end
 */
export async function recover(world: World): Promise<string | undefined> {
  world.pass();
  const again = await report(() => world.secrets.rotation(NAME).reattempt());
  if (again !== undefined) {
    if (!world.hasActed) return `wedged: ${again}`;
    await clearPending(world);
    const anew = await rotation(world);
    if (anew !== undefined) return `wedged: ${anew}`;
  }
  if (!world.isLive(world.holder('AWSCURRENT'))) return 'AWSCURRENT is dead after the recovery';
  const next = await rotation(world);
  if (next !== undefined) return `the next rotation fails: ${next}`;
  if (!world.isLive(world.holder('AWSCURRENT'))) return 'AWSCURRENT is dead in the end';
  const strays = world.strays();
  return strays.length > 0 ? `live keys that no version holds: ${strays.join(', ')}` : undefined;
}

function rotation(world: World): Promise<string | undefined> {
  world.pass();
  return report(async () => {
    await world.rotate();
    return world.secrets.rotation(NAME).run();
  });
}

/** Why a rotation did not succeed. */
async function report(
  work: () => Promise<{ outcome: string; steps: readonly { step: string; error?: unknown }[] }>,
): Promise<string | undefined> {
  try {
    const { outcome, steps } = await work();
    const last = steps.at(-1);
    return outcome === 'succeeded' ? undefined : `${outcome} in ${last?.step}: ${last?.error}`;
  } catch (error) {
    return String(error);
  }
}

async function clearPending(world: World): Promise<void> {
  const pending = world.holder('AWSPENDING');
  if (pending === undefined || pending === world.holder('AWSCURRENT')) return;
  await world.secrets.updateSecretVersionStage({
    SecretId: NAME,
    VersionStage: 'AWSPENDING',
    RemoveFromVersionId: pending,
  });
}
