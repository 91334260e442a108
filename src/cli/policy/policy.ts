import type { Declaration } from '../command.js';
import { say } from '../terminal/screen.js';
import { cdkStack } from './cdk.js';
import { customPolicy } from './custom-policy.js';
import type { PolicyInput } from './declaration.js';
import { policyParts, policyReport } from './document.js';
import { policyForPeople } from './for-people.js';
import { type PolicyOptions, readOptions } from './options.js';
import { terraformModule } from './terraform.js';
import { policyText } from './text.js';

/** Runs `quarterturn policy`; resolves to the exit code. */
export async function policy(input: PolicyInput, declarations: readonly Declaration[]): Promise<number> {
  const text = input.options.for ? policyForPeople(input, declarations) : printed(await readOptions(input));
  process.stdout.write(text);
  const open = PLACEHOLDERS.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  if (open.length > 0) {
    const options = input.options.for ? OF_PEOPLE : OF_A_ROTATOR;
    const fitting = Object.keys(options).filter((option) => options[option]?.test(text));
    say(`replace ${listed(open)}, or give ${listed(fitting)}`);
  }
  return 0;
}

const PLACEHOLDERS = ['REGION', 'ACCOUNT', 'ADMINISTRATOR', 'NAME'];

/** The options that fill placeholders, and what they fill. A rotator refuses the options that it does not need. */
const OF_A_ROTATOR: Readonly<Record<string, RegExp>> = {
  '--secret': /\b(?:REGION|ACCOUNT)\b/,
  '--admin': /\bADMINISTRATOR\b/,
  '--target': /\bNAME\b/,
};
const OF_PEOPLE: Readonly<Record<string, RegExp>> = {
  '--secret': /:secret:NAME\b/,
  '--function': /:function:NAME\b/,
};

function listed(names: readonly string[]): string {
  return names.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}

function printed(options: PolicyOptions): string {
  switch (options.format) {
    case 'json':
      return `${JSON.stringify(policyReport(options, policyParts(options)), undefined, 2)}\n`;
    case 'terraform':
      return terraformModule(options);
    case 'cdk':
      return cdkStack(options);
    case 'custom-policy':
      return customPolicy(options);
    case 'text':
      return policyText(options);
  }
}
