import type { Kind } from './kinds.js';
import { type Names, renamed } from './names.js';
import type { Runner } from './runners.js';

/** `lambda.ts`. */
export const MANIFEST = `import { defineLambda } from 'quarterturn';
import { gate } from './rotator.ts';

/** How it is deployed. Importing this does nothing. */
export const lambda = defineLambda({
  rotator: () => gate(),
  /** The environment variables that \`rotator\` reads. */
  environment: [],
  /** The rights that the function needs in addition to rotating its secret, each with a reason. */
  permissions: [],
  /** The packages that the rotator loads with loadDriver(), in the step that uses them. */
  drivers: [],
});
`;

export const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true
  }
}
`;

/** `rehearsal.ts`. */
export function rehearsalOf({ example, credential, hasKeys }: Kind): string {
  return `import { rotationHandler, type StartRehearsal } from 'quarterturn';
import { ${example} } from './rotator.ts';
import { startService } from './service.ts';

/** \`quarterturn rehearse\` rotates this service in memory. */
export const startRehearsal: StartRehearsal = async ({ secretString }) => {
  if (secretString !== undefined) throw new Error('--secret does not apply: the service in memory has its own secret');
  const service = await startService();
  const rotator = ${example}();
  return {
    title: 'the ${example} in memory',
    secretString: JSON.stringify(service.reset()),
    rotator,${hasKeys ? '\n    overlaps: true,' : ''}
    handler: (options) => rotationHandler(rotator, options),
    accepts: async (version) => service.accepts(JSON.parse(version).${credential}),
    // The service ends with the rehearsal.
    restore: async () => {},
    stop: () => service.stop(),
  };
};
`;
}

/** `contract.test.ts`. */
export function contractTest(
  { example, credential, hasKeys }: Kind,
  { imports, before, after, test }: Runner,
): string {
  const keys = `
  // Each rotation leaves two keys live, AWSCURRENT's and AWSPREVIOUS's.
  overlaps: true,
  credentials: () => service.count(),`;
  return `${imports}
import { rotatorContract } from 'quarterturn/testing';
import { ${example} } from './rotator.ts';
import { type Service, startService } from './service.ts';

let service: Service;
${before}(async () => {
  service = await startService();
});
${after}(() => service.stop());

const clauses = rotatorContract({
  rotator: ${example},
  reset: () => service.reset(),
  accepts: ({ ${credential} }) => service.accepts(${credential}),
  line: () => service.line,${hasKeys ? keys : ''}
});
for (const { name, run } of clauses) ${test};
`;
}

/** `README.md`, with the command that runs the test. */
export function readme({ example, fields }: Kind, names: Names, test: string): string {
  const { folder } = names;
  const rows = fields.map(({ name, about }) => `| \`${name}\` | ${about} |`);
  const secret = JSON.stringify(Object.fromEntries(fields.map(({ name, example }) => [name, example])));
  return `# ${folder}

A rotator for AWS Secrets Manager, made with [Quarterturn](https://www.npmjs.com/package/quarterturn). The secret is a JSON object:

\`\`\`json
${renamed(secret, example, names)}
\`\`\`

| Field | |
| --- | --- |
${rows.join('\n')}

Any other field in the secret stays as it is.

## Make it yours

The guide is \`node_modules/quarterturn/docs/rotators.md\`. In short:

1. \`service.ts\` is the service in memory. Make it behave like yours, including what it refuses.
2. \`rotator.ts\` is the rotator. Change it until the contract test passes:

   \`\`\`sh
   ${test}
   \`\`\`

   \`npx quarterturn rehearse ${folder}/lambda.ts\` shows each step of a rotation on it.
3. \`lambda.ts\` is the manifest: environment variables, rights and drivers of the function.
4. The table above is for whoever uses your rotator. Change it with the fields of the secret.

## Deploy it

\`\`\`sh
npx quarterturn bundle ${folder}/lambda.ts
\`\`\`

It writes \`dist/lambda/${folder}\`, which Lambda runs as it is. Deploy it in one of three ways.

With Terraform:

\`\`\`sh
npx quarterturn policy ${folder}/lambda.ts --terraform > ${folder}.tf
terraform init && terraform apply
\`\`\`

With the AWS CDK, for an app of yours:

\`\`\`sh
npx quarterturn policy ${folder}/lambda.ts --cdk > ${folder}-stack.ts
\`\`\`

With SAM, from a copy of the package's template. \`grep\` leaves out two files that your project may not have:

\`\`\`sh
grep -vE '(License|Readme)Url:' node_modules/quarterturn/template.yaml > template.yaml
sam deploy --stack-name rotate-${folder} --resolve-s3 --capabilities CAPABILITY_IAM --parameter-overrides \\
  Rotator=custom CustomBundle=${folder} SecretArn=<the ARN of the secret> 'Schedule="rate(30 days)"'
\`\`\`

\`node_modules/quarterturn/docs/deploy-your-own.md\` says how to give it its environment variables and its rights.

\`policy\`, \`local\`, \`test\`, \`doctor\`, \`run\` and \`rehearse\` read TypeScript with Node.js 22.18 and later. With an earlier one, give them the bundle instead: \`dist/lambda/${folder}/index.mjs\`. \`rehearse\` does not take a bundle.
`;
}
