import { crashes } from './clauses/crashes.js';
import { manners } from './clauses/manners.js';
import { rotations } from './clauses/rotations.js';
import { secrecy } from './clauses/secrecy.js';
import { verdicts } from './clauses/verdicts.js';
import { type Clause, type ContractSubject, standOf } from './subject.js';

/**
 * What every rotator must do, as tests for any runner. The clauses share the service: they run one after the other.
 *
 * @example
 * ```ts
 * test.each(rotatorContract(subject))('$name', ({ run }) => run());
 * ```
 */
export function rotatorContract<Secret extends object, Field extends keyof Secret & string>(
  subject: ContractSubject<Secret, Field>,
): Clause[] {
  const stand = standOf(subject);
  const clauses = [rotations, crashes, verdicts, manners, secrecy].flatMap((clausesFor) => clausesFor(stand));
  return clauses.map(({ name, run }) => ({ name, run: () => run().finally(() => stand.line().mend()) }));
}
