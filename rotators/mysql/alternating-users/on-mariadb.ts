import { RotationError } from '../../../src/index.js';

/** @param problem why it is one */
export function onMariadb(problem: string, toDo?: string): RotationError {
  return new RotationError('ERR_SERVICE_UNSUPPORTED', `users do not take turns on MariaDB, and ${problem}`, {
    hint:
      'nothing was changed. On MariaDB a user cannot be a role, so that its rights would have to be copied. It takes two passwords of ' +
      `one user instead: deploy mysql() for this secret${toDo === undefined ? '' : `. ${toDo}`}`,
  });
}
