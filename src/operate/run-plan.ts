import { randomUUID } from 'node:crypto';
import { RotationError } from '../errors.js';
import { diagnose } from './findings.js';
import { isYoung, type LabelState, sightOf } from './label-state.js';
import { objection, resume } from './repairs.js';

/** Which rotation to take steps of. */
export interface RunPlan {
  readonly token: string;
  /** Whether it is a new one: no version has the token yet. */
  readonly isNew: boolean;
}

/**
 * Plans to take the steps of a rotation by hand: of the one that is not complete, or of a new one. To finish one is held to
 * the guards of a repair, unless somebody names the step.
 *
 * @throws RotationError if it must not be gone on with
 */
export function runPlan(
  state: LabelState,
  { isStepNamed, isHurried }: { readonly isStepNamed: boolean; readonly isHurried: boolean },
): RunPlan {
  if (state.elsewhere) {
    const { code, message, hint } = state.elsewhere;
    throw new RotationError(code as RotationError['code'], message, { hint });
  }
  const sight = sightOf(state);
  const { pending } = sight;
  if (!pending) return { token: randomUUID(), isNew: true };
  const plan = { token: pending.id, isNew: false };
  if (isStepNamed) return plan;
  if (state.rotation === 'on' && isYoung(sight) && !isHurried) {
    throw new RotationError(
      'ERR_SECRETS_MANAGER_FAILED',
      'Secrets Manager may be rotating this secret now: nothing was done',
      {
        hint: 'something has changed within 15 minutes. Wait; or, if you know that no step is running: --now',
      },
    );
  }
  const reason = objection(resume(pending), sight);
  if (reason === undefined) return plan;
  const { name, never } = diagnose(state, { isHurried: true });
  throw new RotationError(
    'ERR_SECRETS_MANAGER_FAILED',
    `the rotation of AWSPENDING is not gone on with (${name}): ${reason}`,
    {
      hint: `quarterturn doctor says what to do${never === undefined ? '' : `; ${never}`}. A step that is named (--step) is taken all the same`,
    },
  );
}
