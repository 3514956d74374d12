"""Capabilities that a request must acknowledge. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""

from __future__ import annotations

from collections.abc import Collection

from vpcache.lab.aws.cloudformation.errors import CapabilitiesError
from vpcache.lab.aws.cloudformation.templates.template import Template

_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_OTHERS = frozenset({"AWS::IAM::AccessKey", "AWS::IAM::Policy", "AWS::IAM::UserToGroupAddition"})


def needed_capability(template: Template) -> str | None:
    """Return the capability that a template needs, None if it needs none."""
    kinds = {each.type for each in template.resources.values()}
    if any(_NAMES.get(each.type) in each.properties for each in template.resources.values()):
        return "CAPABILITY_NAMED_IAM"
    return "CAPABILITY_IAM" if kinds & (_OTHERS | _NAMES.keys()) else None


def check_capabilities(template: Template, given: Collection[str]) -> None:
    """Raise CapabilitiesError if a template needs a capability that is not given."""
    needed = needed_capability(template)
    is_given = needed in given or (needed == "CAPABILITY_IAM" and "CAPABILITY_NAMED_IAM" in given)
    if needed and not is_given:
        raise CapabilitiesError(f"Requires capabilities : [{needed}]")


def reason_of_capability(template: Template) -> str:
    """Return why a template needs a capability."""
    kinds = sorted({each.type for each in template.resources.values() if each.type.startswith("AWS::IAM::")})
    return f"The following resource(s) require capabilities: [{', '.join(kinds)}]"
