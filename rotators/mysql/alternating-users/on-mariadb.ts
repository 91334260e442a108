import { RotationError } from '../../../src/index.js';

/** @param problem how the function knows that the server is MariaDB */
export function onMariadb(problem: string, toDo?: string): RotationError {
  return new RotationError('ERR_SERVICE_UNSUPPORTED', `users cannot take turns on MariaDB, and ${problem}`, {
    hint:
      'nothing was changed. Deploy mysql() for this secret: MariaDB takes two passwords of one user. A user cannot be a role ' +
      `there${toDo === undefined ? '' : `. ${toDo}`}`,
  });
}
