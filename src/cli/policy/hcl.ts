import { fill, interpolated, isOfList, oneOf } from './document.js';
import type { Grant } from './grants.js';

/** What stands for the open parts of an ARN in a Terraform module. */
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

/** A statement of a policy within `jsonencode()`, with a reason beside each right. */
export function hclStatement({ sid, permissions, resources, condition, isDenied }: Grant): string {
  const tests = Object.entries(condition ?? {}).map(([test, keys]) => {
    const pairs = Object.entries(keys).map(
      ([key, value]) => `            "${key}" = "${fill(value, PARTS)}"`,
    );
    return `          ${test} = {\n${pairs.join('\n')}\n          }`;
  });
  // As `terraform fmt` has them.
  const widest = Math.max(...permissions.map(({ action }) => action.length));
  const rights = permissions.map(
    ({ action, why }) => `          "${action}",${' '.repeat(widest - action.length)} # ${why}`,
  );
  return `      {
        Sid    = "${sid}"
        Effect = "${isDenied ? 'Deny' : 'Allow'}"
        Action = [
${rights.join('\n')}
        ]
        Resource = ${resources.some(isOfList) ? 'flatten(' : ''}[
${resources.map((resource) => `          ${expression(resource)},`).join('\n')}
        ]${resources.some(isOfList) ? ')' : ''}
${condition ? `        Condition = {\n${tests.join('\n')}\n        }\n` : ''}      },`;
}

/** What the module is given is named: its security groups and subnets. */
function expression(resource: string): string {
  const one = `"${fill(oneOf(resource), PARTS)}"`;
  if (!isOfList(resource)) return one;
  return `[for id in var.${resource.includes(':subnet/') ? 'subnet_ids' : 'security_group_ids'} : ${one}]`;
}
