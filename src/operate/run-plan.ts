import { randomUUID } from 'node:crypto';
import { RotationError } from '../errors.js';
import type { Step } from '../step.js';
import { diagnose } from './findings.js';
import { isYoung, type LabelState, sightOf } from './label-state.js';
import { objection, resume } from './repairs.js';

/** The rotation whose steps are to run. */
export interface RunPlan {
  readonly token: string;
  /** Whether it is new: no version has the token yet. */
  readonly isNew: boolean;
}

/**
 * Plans the steps of a rotation by hand: of the rotation that is not complete, or of a new one. Finishing one must pass the
 * guards of a repair, and a new one begins only while AWSCURRENT works. A person who names a step skips these guards, except
 * for finishSecret, which must not promote an older or untested value.
 *
 * @throws RotationError if that is not safe
 */
export function runPlan(
  state: LabelState,
  { steps, isHurried }: { readonly steps: readonly Step[]; readonly isHurried: boolean },
): RunPlan {
  if (state.elsewhere) {
    const { code, message, hint } = state.elsewhere;
    throw new RotationError(code as RotationError['code'], message, { hint });
  }
  const sight = sightOf(state);
  const { pending, current } = sight;
  const isStepNamed = steps.length > 0;
  if (!pending) {
    if (!isStepNamed && current?.verdict !== 'accepted') {
      throw refusal(
        `no rotation was begun: AWSCURRENT is ${current?.verdict ?? 'missing'}, not accepted`,
        state,
      );
    }
    return { token: randomUUID(), isNew: true };
  }
  const plan = { token: pending.id, isNew: false };
  const isEndNamed = steps.includes('finishSecret');
  if (isStepNamed && !isEndNamed) return plan;
  if (!isStepNamed && state.rotation === 'on' && isYoung(sight) && !isHurried) {
    throw new RotationError(
      'ERR_SECRETS_MANAGER_FAILED',
      'Secrets Manager may be rotating this secret now: nothing was done',
      {
        hint: 'the secret changed within the last 15 minutes: wait. Only if you know that no step is running, add --now',
      },
    );
  }
  const isUntested = isEndNamed && !steps.includes('testSecret') && pending.verdict !== 'accepted';
  const reason =
    objection(resume(pending), sight) ?? (isUntested ? `AWSPENDING is ${pending.verdict}` : undefined);
  if (reason === undefined) return plan;
  throw refusal(`the rotation of AWSPENDING was not continued: ${reason}`, state);
}

function refusal(problem: string, state: LabelState): RotationError {
  const { name, never } = diagnose(state, { isHurried: true });
  return new RotationError('ERR_SECRETS_MANAGER_FAILED', `${problem} (${name})`, {
    hint: `quarterturn doctor says what to do${never === undefined ? '' : `; ${never}`}`,
  });
}
