import { bundleOf, environmentNote, functionName, grantsOf } from './document.js';
import { type Grant, networkGrants } from './grants.js';
import { hclStatement } from './hcl.js';
import type { PolicyOptions } from './options.js';

/** Returns a whole deployment for Terraform: the function, its role, its log, who may invoke it, and the schedule. */
export function terraformModule(options: PolicyOptions): string {
  const { named, isInVpc } = options;
  const withSecret = { ...options, named: { ...named, secret: '{secret}' } };
  return [
    preamble(options),
    aFunction(options),
    policyOf('rotate', 'what the function may do', grantsOf(withSecret)),
    ...(isInVpc ? [policyOf('network', 'what Lambda does in the VPC', networkGrants())] : []),
    ending(options),
  ].join('\n');
}

function preamble(options: PolicyOptions): string {
  const { rotator, isOurs, needs, named, isInVpc } = options;
  const { secret } = named;
  const lists = ['subnet_ids', 'security_group_ids'].map(
    (name) => `variable "${name}" {\n  type = list(string)\n}\n`,
  );
  return `terraform {
  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.30"
    }
  }
}

# The full ARN of the secret to rotate.
variable "secret_arn" {
${secret === undefined ? '  type = string' : `  type    = string\n  default = "${secret}"`}
}

# The name of the function and its log group. A second deployment needs another name.
variable "name" {
  type    = string
  default = "${functionName(rotator)}"
}

# The folder of the Lambda${isOurs ? ', as in the package' : ''}.
variable "bundle" {
  type    = string
  default = "${bundleOf(options)}"
}

# ${environmentNote(needs)}
variable "environment" {
${needs.isEnvironmentRequired ? '  type = map(string)' : '  type    = map(string)\n  default = {}'}
}
${isInVpc ? `\n${lists.join('\n')}` : ''}
data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}
`;
}

function aFunction({ needs, isInVpc, lifetimeDays }: PolicyOptions): string {
  const vpc = `
  # Before \`terraform destroy\`, apply once with both lists empty: Lambda needs the role to remove its network interfaces, and
  # some minutes. Without the role they stay, and block the subnets and the security groups.
  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = var.security_group_ids
  }

  # Lambda creates its network interfaces with the role, before the function exists.
  depends_on = [aws_iam_role_policy.network]
`;
  return `data "archive_file" "rotate" {
  type        = "zip"
  source_dir  = var.bundle
  output_path = "\${path.module}/\${var.name}.zip"
}

resource "aws_cloudwatch_log_group" "rotate" {
  name              = "/aws/lambda/\${var.name}"
  retention_in_days = 90
  # \`terraform destroy\` keeps it. To apply again under the same name, import it first.
  skip_destroy = true
}

resource "aws_iam_role" "rotate" {
  name_prefix = "quarterturn-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_lambda_function" "rotate" {
  function_name    = var.name
  role             = aws_iam_role.rotate.arn
  filename         = data.archive_file.rotate.output_path
  source_code_hash = data.archive_file.rotate.output_base64sha256
  handler          = "index.handler"
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  memory_size      = 512
  timeout          = ${needs.timeoutSeconds ?? 60}

  environment {
    variables = merge(var.environment, {
${lifetimeDays === undefined ? '      NODE_OPTIONS' : `      KEY_LIFETIME_DAYS = "${lifetimeDays}"\n      NODE_OPTIONS     `} = "--disallow-code-generation-from-strings"
    })
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.rotate.name
  }
${isInVpc ? vpc : ''}}
`;
}

function policyOf(name: string, what: string, grants: readonly Grant[]): string {
  return `# The comment beside each right: ${what}.
resource "aws_iam_role_policy" "${name}" {
  name = "${name}"
  role = aws_iam_role.rotate.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
${grants.map(hclStatement).join('\n')}
    ]
  })
}
`;
}

function ending({ schedule }: PolicyOptions): string {
  return `# Secrets Manager may invoke it, only for secrets of this account.
resource "aws_lambda_permission" "secrets_manager" {
  statement_id   = "SecretsManager"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotate.function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
}

# Applying it runs only testSecret, on the current value. The schedule rotates.
resource "aws_secretsmanager_secret_rotation" "rotate" {
  secret_id           = var.secret_arn
  rotation_lambda_arn = aws_lambda_function.rotate.arn
  rotate_immediately  = false

  rotation_rules {
    schedule_expression = "${schedule}"
  }

  depends_on = [aws_lambda_permission.secrets_manager, aws_iam_role_policy.rotate]
}
`;
}
