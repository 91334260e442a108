import { diagnose } from '../../operate/findings.js';
import { sightOf } from '../../operate/label-state.js';
import { withSubject } from '../doctor/subject.js';
import { titleOf, versionLines } from '../doctor/text.js';
import type { TestInput } from './declaration.js';

/** Runs `quarterturn test`; resolves to the exit code. */
export function test({ options, positionals }: TestInput): Promise<number> {
  return withSubject('test', options, positionals, async ({ look, print, timeline, again }) => {
    const isAll = options['probe-all'];
    const state = await look(
      isAll ? { which: 'all', refusals: Number.POSITIVE_INFINITY } : { which: 'labelled' },
    );
    const { name, meaning } = diagnose(state);
    const doctor = `quarterturn doctor ${timeline.name}${again}${isAll ? ' --probe-all' : ''}`;
    const isAccepted = sightOf(state).current?.verdict === 'accepted';
    if (options.json) print([JSON.stringify({ type: 'test', name: timeline.name, finding: name, ...state })]);
    else {
      print([
        titleOf(timeline.name, timeline.region, state),
        ...versionLines(state),
        name === 'OK' ? meaning : `${meaning} What to do: ${doctor}`,
      ]);
    }
    return isAccepted ? 0 : 1;
  });
}
