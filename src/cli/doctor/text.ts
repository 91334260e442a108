import type { Finding } from '../../operate/findings.js';
import type { LabelState, SeenVersion, VersionVerdict } from '../../operate/label-state.js';
import type { Note } from '../../operate/notes.js';
import type { Repair } from '../../operate/repairs.js';
import { STEPS } from '../../step.js';
import { paint, printable } from '../terminal/screen.js';
import { ageInWords } from '../terminal/time.js';

/** `app/db  eu-west-1  username app, host db.example.com`. */
export function titleOf(name: string, region: string | undefined, { shown = {} }: LabelState): string {
  const place = Object.entries(shown).map(([field, value]) => `${field} ${printable(value)}`);
  return [name, region, place.join(', ')].filter(Boolean).join('  ');
}

const COLOURS: Partial<Record<VersionVerdict, 'green' | 'red'>> = { accepted: 'green', refused: 'red' };

/** Returns a line for each version, and the reason of its verdict below it. */
export function versionLines({ versions, seenAt }: LabelState): readonly string[] {
  const shown = versions.filter(({ labels, verdict }) => labels.length > 0 || verdict !== 'untried');
  const labelsOf = ({ labels }: SeenVersion) => labels.join(' ') || 'no label';
  const longest = Math.max(0, ...shown.map((version) => labelsOf(version).length));
  return shown.flatMap((version) => {
    const { id, verdict, createdAt, reason } = version;
    const age = createdAt === undefined ? '' : ageInWords(seenAt.getTime() - createdAt.getTime());
    const colour = COLOURS[verdict];
    const told = verdict.padEnd(9);
    const line = `  ${labelsOf(version).padEnd(longest)}  ${id.slice(0, 8)}  ${colour ? paint(colour, told) : told}  ${age.padStart(6)}`;
    return [line.trimEnd(), ...(reason ? [`    ${reason.code}: ${printable(reason.message)}`] : [])];
  });
}

/** What commands to copy are completed with. */
export interface Place {
  readonly name: string;
  /** The options for `aws`, and those for `quarterturn`, both with a leading blank. */
  readonly forAws: string;
  readonly again: string;
}

/** Returns the lines of a finding: its repairs, advice and what not to do. */
export function findingLines(finding: Finding, state: LabelState, place: Place): readonly string[] {
  const isFine = finding.name === 'OK';
  const advice = finding.advice.filter((line) => line !== '');
  const [first, ...others] = finding.repairs.flatMap((repair) => commandsOf(repair, state, place));
  return [
    `${paint(isFine ? 'green' : 'red', finding.name)}: ${printable(finding.meaning)}`,
    ...(first === undefined ? [] : [`  repair  ${first}`]),
    ...others.map((command) => `  or      ${command}`),
    ...advice.map((line) => `  advice  ${toCopy(printable(line), state, place)}`),
    ...(finding.never === undefined ? [] : [`  NOT     ${finding.never}`]),
  ];
}

export function noteLines(
  notes: readonly Note[],
  notSeen: readonly string[],
  state: LabelState,
  place: Place,
): readonly string[] {
  return [
    ...notes.map(
      ({ name, meaning, advice }) =>
        `${paint('yellow', name)}: ${printable(meaning)}; ${toCopy(advice, state, place)}`,
    ),
    ...(notSeen.length === 0 ? [] : ['not checked, since that needs other rights:']),
    ...notSeen.map((line) => `  ${toCopy(line, state, place)}`),
  ];
}

/** Completes the commands in a sentence with the secret and the connection: without them they could reach another account. */
function toCopy(text: string, { secretId }: LabelState, { name, forAws, again }: Place): string {
  return text
    .replace(/aws secretsmanager [a-z-]+/g, (call) => `${call} --secret-id ${secretId}${forAws}`)
    .replace(/aws (?:kms|lambda|logs) [a-z-]+/g, (call) => `${call}${forOtherServices(forAws)}`)
    .replace(/quarterturn doctor/g, (call) => `${call} ${name}${again}`);
}

/** Drops the endpoint, which is for Secrets Manager alone. It is the last option, and may be quoted. */
const forOtherServices = (forAws: string) => forAws.replace(/ --endpoint-url .*$/, '');

/** Returns a repair in words, for the question. */
export function inWords(repair: Repair): string {
  switch (repair.kind) {
    case 'resume':
      return `run the four steps of version ${repair.token} here, with this machine’s rights`;
    case 'promote':
      return `move AWSCURRENT to version ${repair.to}, from ${repair.from}`;
    case 'drop':
      return `remove AWSPENDING from version ${repair.from}`;
  }
}

/** Returns the commands that make a repair. */
function commandsOf(repair: Repair, state: LabelState, { name, forAws, again }: Place): readonly string[] {
  const stage = `aws secretsmanager update-secret-version-stage --secret-id ${state.secretId}${forAws} --version-stage`;
  // Before the bare call: this command looks again before the change, and watches after it.
  const fix = `quarterturn doctor ${name}${again} --fix`;
  switch (repair.kind) {
    case 'resume':
      return [
        `${fix} --here`,
        ...(state.functionArn === undefined
          ? []
          : [invokeCommand(repair.token, state.functionArn, state, forAws)]),
      ];
    case 'promote':
      return [
        fix,
        `${stage} AWSCURRENT --move-to-version-id ${repair.to} --remove-from-version-id ${repair.from}`,
      ];
    case 'drop':
      return [fix, `${stage} AWSPENDING --remove-from-version-id ${repair.from}`];
  }
}

/**
 * Returns a loop that runs the four steps in the function itself. `aws lambda invoke` succeeds when the function fails: the
 * loop checks FunctionError, or it would go on to finishSecret, which does not ask whether the test passed. Versions 1 and 2
 * of the CLI both take `fileb://`, and no other kind of payload. The loop shows answer.json only if this call wrote it.
 */
function invokeCommand(token: string, functionArn: string, { secretId }: LabelState, forAws: string): string {
  const payload = `{\\"SecretId\\":\\"${secretId}\\",\\"ClientRequestToken\\":\\"${token}\\",\\"Step\\":\\"$step\\"}`;
  return (
    `for step in ${STEPS.join(' ')}; do failed=$(echo "${payload}" | aws lambda invoke --function-name ${functionArn}` +
    `${forOtherServices(forAws)} --payload fileb:///dev/stdin --query FunctionError --output text answer.json) || break; ` +
    '[ "$failed" = None ] || { cat answer.json; break; }; done'
  );
}
