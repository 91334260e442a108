import { type RunPlan, runPlan } from '../../operate/run-plan.js';
import { takeStepsHere, withPlaceholder } from '../../operate/steps-here.js';
import { STEPS } from '../../step.js';
import { type Subject, withSubject } from '../doctor/subject.js';
import { titleOf } from '../doctor/text.js';
import { Interruption } from '../interruption.js';
import { confirmed } from '../terminal/question.js';
import { sayHint } from '../terminal/screen.js';
import type { RunInput } from './declaration.js';

/** Runs `quarterturn run`; resolves to the exit code. */
export function run({ options, positionals }: RunInput): Promise<number> {
  return withSubject('run', options, positionals, async (subject) => {
    const { timeline, look, output, rotatorName, clean } = subject;
    const state = await look();
    const asked = { steps: STEPS.filter((step) => options.step.includes(step)), isHurried: options.now };
    const plan = runPlan(state, asked);
    const account = timeline.arn.split(':')[4];
    const what = plan.isNew ? 'begin a rotation of' : `continue the rotation ${plan.token} of`;
    const where = `${titleOf(timeline.name, timeline.region, state)}, account ${account}`;
    const isAgreed = await confirmed(clean(`${what} ${where}, with ${rotatorName}?`), {
      isAgreed: options.yes,
    });
    if (!isAgreed) {
      output.say('nothing was done');
      return 1;
    }
    if (options.yes) return steps(subject, plan, options);
    // The answer may have taken long: look again.
    const now = runPlan(await look(), asked);
    if (plan.isNew === now.isNew && (plan.isNew || plan.token === now.token))
      return steps(subject, now, options);
    output.say('the labels moved before you answered: nothing was done');
    return 1;
  });
}

/** Runs the steps. Ctrl-C ends it after the current one, a second Ctrl-C at once. */
async function steps(
  subject: Subject,
  { token, isNew }: RunPlan,
  options: RunInput['options'],
): Promise<number> {
  const { secretId, rotator, print, clean, output, timeline, again } = subject;
  const interruption = new Interruption(
    () => output.say('stopping after this step; a second Ctrl-C ends it at once'),
    () => process.exit(interruption.exitCode),
  );
  try {
    const failure = await takeStepsHere({
      client: isNew ? withPlaceholder(subject.client, secretId, token) : subject.client,
      ...{ rotator, secretId, token },
      steps: options.step.length > 0 ? STEPS.filter((step) => options.step.includes(step)) : STEPS,
      goesOn: () => interruption.exitCode === undefined,
      onStep({ step, outcome, durationMs, warnings = [] }) {
        print(
          options.json
            ? [JSON.stringify({ type: 'step', step, outcome, durationMs, warnings })]
            : [
                `  ${step.padEnd(12)}  ${outcome}, ${durationMs} ms`,
                ...warnings.map((warning) => `    ${warning}`),
              ],
        );
      },
    });
    const end = failure ? { ...failure, outcome: 'failed' } : { outcome: 'done' };
    if (options.json) print([JSON.stringify({ type: 'end', token, ...end })]);
    else if (failure) {
      print([`${failure.step} failed: ${failure.message} (${failure.code})`]);
      sayHint(
        clean(
          `${failure.hint === undefined ? '' : `${failure.hint}. `}quarterturn doctor ${timeline.name}${again} says which version works`,
        ),
      );
    }
    return interruption.exitCode ?? (failure ? 1 : 0);
  } finally {
    interruption.end();
  }
}
