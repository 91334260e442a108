import { administrators } from './clauses/administrators.js';
import { crashes } from './clauses/crashes.js';
import { guesses } from './clauses/guesses.js';
import { manners } from './clauses/manners.js';
import { rotations } from './clauses/rotations.js';
import { secrecy } from './clauses/secrecy.js';
import { verdicts } from './clauses/verdicts.js';
import { type Clause, type ContractSubject, standOf } from './subject.js';
import { underWatch } from './visits.js';

/**
 * Returns the rules that every rotator must keep, each as a test for any test runner. The clauses share the service: run them
 * one after the other.
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
  const clauses = [rotations, crashes, verdicts, administrators, guesses, secrecy, manners].flatMap(
    (clausesFor) => clausesFor(stand),
  );
  return clauses.map(({ name, run }) => ({
    name,
    run: () => underWatch(run).finally(() => stand.line().mend()),
  }));
}
