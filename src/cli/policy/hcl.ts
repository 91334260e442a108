import { fill, interpolated, isOfList, oneOf } from './document.js';
import type { Grant } from './grants.js';

/** The expressions for the open parts of an ARN in a Terraform module. */
const PARTS = interpolated({
  partition: 'data.aws_partition.current.partition',
  urlSuffix: 'data.aws_partition.current.dns_suffix',
  region: 'data.aws_region.current.region',
  account: 'data.aws_caller_identity.current.account_id',
  function: 'aws_lambda_function.rotate.arn',
  streams: 'format("%s:*", aws_cloudwatch_log_group.rotate.arn)',
  secret: 'var.secret_arn',
  id: 'id',
});

/** Returns a policy's statement for `jsonencode()`, with a reason beside each right. */
export function hclStatement({ sid, permissions, resources, condition, isDenied }: Grant): string {
  const tests = Object.entries(condition ?? {}).map(([test, keys]) => {
    const pairs = aligned(
      Object.entries(keys).map(([key, value]) => [`"${key}"`, `= "${fill(value, PARTS)}"`]),
    );
    return `          ${test} = {\n${pairs.map((pair) => `            ${pair}\n`).join('')}          }`;
  });
  const rights = aligned(permissions.map(({ action, why }) => [`"${action}",`, `# ${why}`]));
  return `      {
        Sid    = "${sid}"
        Effect = "${isDenied ? 'Deny' : 'Allow'}"
        Action = [
${rights.map((right) => `          ${right}`).join('\n')}
        ]
        Resource = ${resources.some(isOfList) ? 'flatten(' : ''}[
${resources.map((resource) => `          ${expression(resource)},`).join('\n')}
        ]${resources.some(isOfList) ? ')' : ''}
${condition ? `        Condition = {\n${tests.join('\n')}\n        }\n` : ''}      },`;
}

/** Aligns the second parts of lines, as `terraform fmt` does. */
function aligned(lines: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...lines.map(([first]) => first.length));
  return lines.map(([first, second]) => `${first.padEnd(width)} ${second}`);
}

/** Returns a resource as an expression. The module's own security groups and subnets are named one by one. */
function expression(resource: string): string {
  const one = `"${fill(oneOf(resource), PARTS)}"`;
  if (!isOfList(resource)) return one;
  return `[for id in var.${resource.includes(':subnet/') ? 'subnet_ids' : 'security_group_ids'} : ${one}]`;
}
