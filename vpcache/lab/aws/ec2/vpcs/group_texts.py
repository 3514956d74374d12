"""The characters of security groups' names and descriptions. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
"""

from __future__ import annotations

import re

from moto.ec2.exceptions import EC2ClientError

_CHARACTERS = r"a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*"
_GROUP_TEXT = re.compile(f"[{_CHARACTERS}]{{1,255}}")
_RULE_TEXT = re.compile(f"[{_CHARACTERS}]{{0,255}}")


def check_group(name: str, description: str) -> None:
    """Raise EC2ClientError for an invalid name or description of a group. A missing one is another error."""
    if name.lower().startswith("sg-"):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.",
        )
    for parameter, text in (("GroupName", name), ("GroupDescription", description)):
        if text and not _GROUP_TEXT.fullmatch(text):
            reason = "Character sets beyond ASCII are not supported." if not text.isascii() else ""
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ({text}) for parameter {parameter} is invalid. {reason}".rstrip(),
            )


def check_rule_description(text: str | None) -> None:
    """Raise EC2ClientError for an invalid description of a rule."""
    if text is not None and not _RULE_TEXT.fullmatch(text):
        raise EC2ClientError(
            "InvalidParameterValue",
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the "
            "following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
