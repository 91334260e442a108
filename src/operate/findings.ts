import { ROWS, type Row } from './decision-list.js';
import { type LabelState, sightOf } from './label-state.js';
import { objection, type Repair } from './repairs.js';

/** The name of a finding: that of a row of the decision list. */
type FindingName = (typeof ROWS)[number]['name'];

/** The meaning of a {@link LabelState}, and what to do. */
export interface Finding {
  readonly name: FindingName;
  readonly meaning: string;
  /** What a person may do, and what helps to decide. */
  readonly advice: readonly string[];
  /** What nobody must do. */
  readonly never?: string | undefined;
  /** The repairs that are safe in this state, the best first. */
  readonly repairs: readonly Repair[];
}

export interface DiagnosisOptions {
  /** Whether a rotation counts as stuck although the secret changed within 15 minutes. */
  readonly isHurried?: boolean | undefined;
}

/** Returns the finding of a state: the first row of the list that matches. */
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
