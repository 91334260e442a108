"""Lints template.yaml: as it is, and, for every pair of settings, as SAM translates it.

    python3 .build/lint-template.py [a copy of it, for a rotator of your own]

Needs the Python packages cfn-lint and aws-sam-translator; without them it says so, and is content.
"""

import itertools
import json
import sys
from pathlib import Path

try:
    from cfnlint.api import ManualArgs, lint
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse
except ImportError as error:
    print(f"template.yaml was not linted: {error}")
    sys.exit(0)

PLACE = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "template.yaml"
TEXT = PLACE.read_text()
ACCOUNT = "eu-west-1:123456789012"
KEY = f"arn:aws:kms:{ACCOUNT}:key/0a1b2c3d-0000-4000-8000-000000000001"
DATABASES = f"arn:aws:rds:{ACCOUNT}:db:db-1,arn:aws:rds:{ACCOUNT}:cluster:aurora"
# What each parameter may be; those that are not here stay as they are by default.
SETTINGS = {
    "Rotator": yaml_parse(TEXT)["Parameters"]["Rotator"]["AllowedValues"],
    "SecretArn": ["", f"arn:aws:secretsmanager:{ACCOUNT}:secret:app-AbCdEf"],
    "NewSecret": ["", '{"engine":"postgres","host":"db.example.com","username":"app"}'],
    "Schedule": ["", "rate(30 days)"],
    "AdminSecretArn": ["", f"arn:aws:secretsmanager:{ACCOUNT}:secret:boss-AbCdEf"],
    "Targets": ["", DATABASES],
    "SecretKeyArn": ["", KEY],
    "AdminKeyArn": ["", KEY],
    "EnvironmentKeyArn": ["", KEY],
    "LogKeyArn": ["", KEY],
    "VpcId": ["", "vpc-0123456789abcdef0"],
    "CreateEndpoints": ["false", "true"],
    "OutboundCidr": ["", "10.0.0.0/16"],
    "DatabaseSecurityGroupId": ["", "sg-0123456789abcdef0"],
    "AlarmTopicArn": ["", f"arn:aws:sns:{ACCOUNT}:alarms"],
    "ReservedConcurrency": ["", "5"],
    "PasswordLength": ["", "40"],
    "ExcludeCharacters": ["", "/@"],
    "ApiKeySpec": ["", '{"name":"desk"}'],
    "OwnsEveryKey": ["", "true"],
    "DatadogUrl": ["", "https://api.datadoghq.eu"],
    "KeyLifetimeDays": ["", "180"],
    "KeysEnd": ["", "late"],
    "ServiceTokenKind": ["", "RSA"],
    "CustomBundle": ["", "gate"],
    "CustomEnvironment": ["", '{"GATE_REALM":"north"}'],
    "CustomPolicyArns": ["", "arn:aws:iam::123456789012:policy/gate"],
    "CustomTimeoutSeconds": ["60", "900"],
}
# A condition that always holds.
ALL = {"Fn::Equals": ["", ""]}
ALWAYS = {"SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1"}


class ManagedPolicies:
    """The template names none."""

    def load(self):
        return {}


def main():
    failures = report("template.yaml", TEXT)
    rows = [row for row in pairs() if len(sys.argv) == 1 or row["Rotator"] == "custom"]
    for row in rows:
        template = resolved(row)
        name = ", ".join([row["Rotator"], *(key for key, value in row.items() if value not in ("", "false"))])
        failures += report(f"translated, with {name}", json.dumps(translated(template)))
    whole = yaml_parse(TEXT)
    failures += report("translated, with its conditions", json.dumps(translated(whole)))
    print(f"template.yaml: {failures} findings, as it is and in {len(rows)} combinations of its parameters")
    return 1 if failures else 0


def report(name, text):
    found = lint(text, config=ManualArgs(regions=["eu-west-1"]))
    for match in found:
        path = "/".join(str(part) for part in match.path or [])
        print(f"{name}: {match.rule.id} {match.message} at {path}")
    return len(found)


def pairs():
    """Rows in which each two values of two parameters come together once at least."""
    names = list(SETTINGS)
    open_pairs = {
        ((a, x), (b, y))
        for a, b in itertools.combinations(names, 2)
        for x in SETTINGS[a]
        for y in SETTINGS[b]
    }
    rows = []
    while open_pairs:
        row = dict(min(open_pairs))
        for name in names:
            if name in row:
                continue
            row[name] = max(
                SETTINGS[name],
                key=lambda value: sum(pair in open_pairs for pair in pairs_with(row, name, value, names)),
            )
        row = {name: row[name] for name in names}
        open_pairs -= set(itertools.combinations(row.items(), 2))
        rows.append(row)
    return rows


def pairs_with(row, name, value, names):
    for other, chosen in row.items():
        pair = ((name, value), (other, chosen))
        yield pair if names.index(name) < names.index(other) else pair[::-1]


def resolved(row):
    """The template as CloudFormation sees it with these values: without conditions."""
    template = yaml_parse(TEXT)
    values = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()} | ALWAYS | row
    values["AWS::Partition"] = "aws"
    conditions = template.pop("Conditions")
    del template["Rules"]
    for name, parameter in template["Parameters"].items():
        parameter["Default"] = values[name]

    def holds(test):
        if isinstance(test, str):
            return holds(conditions[test])
        [[function, rest]] = test.items()
        if function == "Condition":
            return holds(rest)
        if function == "Fn::Equals":
            left, right = (values[side["Ref"]] if isinstance(side, dict) else side for side in rest)
            return left == right
        if function == "Fn::Not":
            return not holds(rest[0])
        return {"Fn::And": all, "Fn::Or": any}[function]([holds(part) for part in rest])

    def chosen(node):
        if isinstance(node, list):
            return [part for part in map(chosen, node) if part != {"Ref": "AWS::NoValue"}]
        if not isinstance(node, dict):
            return node
        if "Fn::If" in node:
            test, then, otherwise = node["Fn::If"]
            return chosen(then if holds(test) else otherwise)
        parts = {key: chosen(part) for key, part in node.items()}
        return {key: part for key, part in parts.items() if part != {"Ref": "AWS::NoValue"}}

    for section in ("Resources", "Outputs"):
        parts = template[section].items()
        template[section] = chosen({name: part for name, part in parts if holds(part.pop("Condition", ALL))})
    used = json.dumps([template["Resources"], template["Outputs"]])
    if "Fn::FindInMap" not in used:
        del template["Mappings"]
    template["Parameters"] = {
        name: parameter
        for name, parameter in template["Parameters"].items()
        if json.dumps({"Ref": name}) in used or f"${{{name}}}" in used
    }
    return template


def translated(template):
    template.setdefault("Parameters", {})
    template["Resources"]["Function"]["Properties"]["CodeUri"] = "s3://bucket/quarterturn.zip"
    template["Metadata"].pop("AWS::CloudFormation::Interface", None)
    return transform(template, {}, ManagedPolicies())


sys.exit(main())
