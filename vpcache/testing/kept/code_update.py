"""An update of functions' code by Lambda's API, without Terraform, whose state is changed accordingly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpcache.stack.lock import state_lock
from vpcache.stack.stack import Stack
from vpcache.stack.state import s3_client
from vpcache.terraform.initialisation import module_folders
from vpcache.testing.kept.bundle_references import decides_only_code
from vpcache.testing.kept.fingerprint import Fingerprint

Bundles = Mapping[str, Mapping[str, str]]
State = dict[str, Any]
_MAX_BYTES = 50 << 20
"""Of a zip in a request: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_WAIT = {"Delay": 0.1, "MaxAttempts": 600}


@dataclass(frozen=True)
class CodeChange:
    """A function of Terraform's state, and the bundle that it gets."""

    function: str
    architectures: tuple[str, ...]
    bundle: Mapping[str, str]


def planned_changes(state: State, before: Bundles, after: Bundles) -> list[CodeChange] | None:
    """Return the functions that a change of bundles updates, None if Terraform has to update them. Pure.

    A function that publishes versions, or gets its code otherwise than from the bundle's path, is left to
    Terraform.
    """
    new: dict[str, Mapping[str, str]] = {}
    for path in after:
        if new.setdefault(before[path]["path"], after[path]) != after[path]:
            return None  # bundles that had one zip have different ones now
    hashes = {before[path]["path"]: before[path]["sha256"] for path in after}
    changed = {path: bundle for path, bundle in new.items() if bundle["sha256"] != hashes[path]}
    changes, found = [], set()
    for attributes in _functions(state):
        path = attributes["filename"]
        if path not in changed:
            continue
        if attributes.get("publish") or attributes["source_code_hash"] != hashes[path]:
            return None
        found.add(path)
        architectures = tuple(attributes.get("architectures") or ())
        changes.append(CodeChange(attributes["function_name"], architectures, changed[path]))
    return changes if found == changed.keys() else None


def updated_state(state: State, changes: Sequence[CodeChange], answers: Mapping[str, Any]) -> State:
    """Return Terraform's state after the changes, with Lambda's answers by function. Pure."""
    updated = deepcopy(state)
    bundles = {change.function: change.bundle for change in changes}
    for attributes in _functions(updated):
        name = attributes["function_name"]
        if name in bundles:
            code = {
                "filename": bundles[name]["path"],
                "source_code_hash": bundles[name]["sha256"],
                "code_sha256": answers[name]["CodeSha256"],
                "source_code_size": answers[name]["CodeSize"],
                "last_modified": answers[name]["LastModified"],
            }
            # Terraform refuses a state with an attribute that this version of the provider does not have
            attributes |= {key: value for key, value in code.items() if key in attributes}
    updated["serial"] += 1
    return updated


def update_code(stack: Stack, before: Fingerprint, after: Fingerprint) -> bool:
    """Update the code of the functions whose bundles differ. Returns False if that needs Terraform.

    Nothing is changed then. Terraform's lock is held during the update.
    """
    paths = [path for path in after.bundles if before.bundles[path] != after.bundles[path]]
    hcl = _hcl(stack)
    if not all(decides_only_code(hcl, path) for path in paths):
        return False
    with stack.exclusive_lock(), state_lock(stack.target, stack.state, stack.name):
        state = json.loads(stack.written_state())
        changes = planned_changes(state, before.bundles, after.bundles)
        if not changes or any(Path(change.bundle["path"]).stat().st_size > _MAX_BYTES for change in changes):
            return False
        answers = {change.function: _update(stack, change) for change in changes}
        s3_client(stack.target).put_object(
            **stack.state.request(),
            Body=json.dumps(updated_state(state, changes, answers), indent=2).encode(),
            ContentType="application/json",
        )
    return True


def _update(stack: Stack, change: CodeChange) -> Any:
    """Update a function's code, wait until it is active, and return its configuration."""
    client = stack.target.client("lambda")
    client.update_function_code(
        FunctionName=change.function,
        ZipFile=Path(change.bundle["path"]).read_bytes(),
        **({"Architectures": list(change.architectures)} if change.architectures else {}),
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=change.function, WaiterConfig=_WAIT)
    return client.get_function_configuration(FunctionName=change.function)


def _functions(state: State) -> Iterator[dict[str, Any]]:
    """Yield the attributes of each function that Terraform manages."""
    for resource in state["resources"]:
        if (resource["mode"], resource["type"]) == ("managed", "aws_lambda_function"):
            for instance in resource["instances"]:
                yield instance["attributes"]


def _hcl(stack: Stack) -> dict[str, list[str]]:
    """Return the texts of the HCL files of each module, by its key in Terraform's modules.json."""
    folders = module_folders(stack.environment_dir, stack.data_dir)
    return {
        key: [file.read_text() for file in sorted(folder.glob("*.tf"))] for key, folder in folders.items()
    }
