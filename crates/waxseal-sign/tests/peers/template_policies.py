"""The key policies of a CloudFormation template with its parameters filled in, as JSON by resource.

Arguments: the template, then NAME=VALUE for each parameter. The reader is cfn-lint's.
"""

import json
import sys

from cfnlint.decode.cfn_yaml import load


def filled(node, parameters):
    """The node with the values of what it refers to."""
    if isinstance(node, dict):
        if set(node) == {"Ref"}:
            return parameters[node["Ref"]]
        return {name: filled(value, parameters) for name, value in node.items()}
    if isinstance(node, list):
        return [filled(value, parameters) for value in node]
    return node


PARAMETERS = dict(argument.split("=", 1) for argument in sys.argv[2:])
KEYS = {
    name: resource["Properties"]["KeyPolicy"]
    for name, resource in load(sys.argv[1])["Resources"].items()
    if resource["Type"] == "AWS::KMS::Key"
}
print(json.dumps(filled(KEYS, PARAMETERS)))
