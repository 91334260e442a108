import { CONNECTION_OPTIONS } from '../aws/connection.js';
import type { OptionDeclaration } from '../command.js';

const ROTATOR_OPTION = {
  rotator: {
    value: '<name|file>',
    about:
      'the rotator of this secret: postgres, postgres/alternating-users, …, or a file of your own that exports "lambda". ' +
      'Without this option, "engine" of the secret names the rotator',
  },
} as const satisfies Record<string, OptionDeclaration>;

/** The options of every command that uses a rotator on a secret. */
export const SUBJECT_OPTIONS = { ...ROTATOR_OPTION, ...CONNECTION_OPTIONS } as const;

/** The same, for the commands that can try every version. */
export const PROBING_OPTIONS = {
  ...ROTATOR_OPTION,
  'probe-all': {
    about:
      'try every version, also without a label, however many logins the service refuses. Without this option it stops after ' +
      'two: a service may lock the user after three',
  },
  ...CONNECTION_OPTIONS,
} as const satisfies Record<string, OptionDeclaration>;
