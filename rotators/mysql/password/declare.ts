import type { Session } from '../account.js';
import { errnoOf } from '../failures.js';
import type { ServerOptions } from '../options.js';
import { type Declared, declaration, inTwoStatements } from './statements.js';

const UNKNOWN_STATEMENT = 1064;

/** Makes the server take these passwords of these accounts, and no others. Needs the lock: it may take two statements. */
export async function declare(
  session: Session,
  targets: readonly Declared[],
  statements: ServerOptions['statements'] = 'one',
): Promise<void> {
  if (statements === 'one') {
    try {
      await session.query(declaration(session.flavour, targets));
      return;
    } catch (error) {
      // The statement holds only hashes, so the server can only object to its form.
      if (session.flavour !== 'mysql' || errnoOf(error) !== UNKNOWN_STATEMENT) throw error;
    }
  }
  for (const statement of inTwoStatements(targets)) await session.query(statement);
}
