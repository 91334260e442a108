import { ROWS, type Row } from './decision-list.js';
import { type LabelState, sightOf } from './label-state.js';
import { objection, type Repair } from './repairs.js';

/** What is the matter with a secret. */
type FindingName = (typeof ROWS)[number]['name'];

/** What a state of labels and verdicts means, and what to do. */
export interface Finding {
  readonly name: FindingName;
  readonly meaning: string;
  /** What a person may do, and what helps them to decide. */
  readonly advice: readonly string[];
  /** What must not be done. */
  readonly never?: string | undefined;
  /** What may be done in this state, the best first. Each passes its guards. */
  readonly repairs: readonly Repair[];
}

export interface DiagnosisOptions {
  /** Says that what was stored within 15 minutes is stuck all the same: nobody waits for it. */
  readonly isHurried?: boolean | undefined;
}

/** A state's finding: the first row of the list that matches. */
export function diagnose(state: LabelState, { isHurried = false }: DiagnosisOptions = {}): Finding {
  const sight = sightOf(state);
  const row = ROWS.find(({ name, matches }) => !(isHurried && name === 'IN_FLIGHT') && matches(sight));
  if (!row) throw new Error('a state of labels that no row matches');
  const { meaning, advice, never, repairs }: Row = row;
  return {
    name: row.name,
    meaning: meaning(sight),
    advice: advice?.(sight) ?? [],
    ...(never !== undefined && { never }),
    repairs: (repairs?.(sight) ?? []).filter((repair) => objection(repair, sight) === undefined),
  };
}
