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
  const open = /\b(?:REGION|ACCOUNT|ADMINISTRATOR|NAME)\b/.exec(text);
  if (open) {
    say(
      input.options.for
        ? 'replace REGION, ACCOUNT and NAME, or give --secret and --function'
        : 'replace REGION, ACCOUNT, ADMINISTRATOR and NAME, or give --secret, --admin and --target',
    );
  }
  return 0;
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
