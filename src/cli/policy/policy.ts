import type { Declaration } from '../command.js';
import { say } from '../terminal/screen.js';
import { cdkStack } from './cdk.js';
import { customPolicy } from './custom-policy.js';
import type { PolicyInput } from './declaration.js';
import { policyParts, policyReport } from './document.js';
import { policyForPeople } from './for-people.js';
import { type PolicyOptions, readOptions } from './options.js';
import { terraformModule } from './terraform.js';
import { leftOutLines, policyText } from './text.js';

/** Runs `quarterturn policy`; resolves to the exit code. */
export async function policy(input: PolicyInput, declarations: readonly Declaration[]): Promise<number> {
  if (input.options.for) {
    const text = policyForPeople(input, declarations);
    process.stdout.write(text);
    const ofName = ['--secret', '--function'].filter((option) => text.includes(`:${option.slice(2)}:NAME`));
    sayOpen(text, { REGION: ['--secret'], ACCOUNT: ['--secret'], NAME: ofName });
    return 0;
  }
  const options = await readOptions(input);
  const text = printed(options);
  process.stdout.write(text);
  const onSecret = { REGION: ['--secret'], ACCOUNT: ['--secret'] };
  sayOpen(text, { ...onSecret, ADMINISTRATOR: ['--admin'], NAME: ['--target'] });
  const left = leftOutLines(options);
  // The text for people has these lines itself.
  if ((options.format === 'terraform' || options.format === 'cdk') && left.length > 0) {
    say(['left out, because only some secrets need it', ...left].join('\n'));
  }
  return 0;
}

/** Names the words in the text that its reader must replace, and the options that replace them. */
function sayOpen(text: string, optionsOf: Readonly<Record<string, readonly string[]>>): void {
  const open = Object.keys(optionsOf).filter((word) => new RegExp(`\\b${word}\\b`).test(text));
  if (open.length === 0) return;
  const options = new Set(open.flatMap((word) => optionsOf[word] ?? []));
  say(`replace ${listed(open)}, or give ${listed([...options])}`);
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(words);
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
