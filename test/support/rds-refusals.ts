import { AwsRefusal } from './aws-query.js';

/** Refuses what RDS does not take as the password of a master user. */
export function assertPassword(password: string, longest: number): void {
  const problem = problemOf(password, longest);
  if (problem === undefined) return;
  const message = `The parameter MasterUserPassword is not a valid password${problem}`;
  throw new AwsRefusal(400, 'InvalidParameterValue', message);
}

function problemOf(password: string, longest: number): string | undefined {
  if (password.length < 8) return ' because it is shorter than 8 characters.';
  if (password.length > longest) return ` because it is longer than ${longest} characters.`;
  if (/^[!-~]+$/.test(password) && !/[/@"]/.test(password)) return undefined;
  return `. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`;
}
