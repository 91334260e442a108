import type { Session } from '../account.js';
import { errnoOf } from '../failures.js';
import type { ServerOptions } from '../options.js';
import { type Declared, declaration, inTwoStatements } from './statements.js';

const UNKNOWN_STATEMENT = 1064;

/** Has the server take these passwords of these accounts, and no others. Under a lock: it may take two statements. */
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
      // It names hashes alone, so that nothing but its form can be what the server does not know.
      if (session.flavour !== 'mysql' || errnoOf(error) !== UNKNOWN_STATEMENT) throw error;
    }
  }
  for (const statement of inTwoStatements(targets)) await session.query(statement);
}
