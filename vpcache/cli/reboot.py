"""The command for reboots of cache nodes."""

from __future__ import annotations

from pathlib import Path

from vpcache.cli.console import is_confirmed, user_errors
from vpcache.cli.stack import chosen_stack, print_header
from vpcache.cli.target_choice import TargetChoice
from vpcache.stack.reboot import cluster_id, cluster_state, reboot_pending_nodes
from vpcache.wording import counted


@user_errors
def reboot_cache(root: Path, environment: str, target: TargetChoice, name: str, *, yes: bool) -> None:
    """Print the nodes that are pending-reboot and, after a confirmation, reboot them one after another."""
    stack = chosen_stack(root, environment, target, name)
    print_header("reboot-cache", stack)
    cluster = cluster_id(stack.outputs())
    state = cluster_state(stack.target, cluster)
    if not state.pending:
        print(f"nothing to do: all nodes of {cluster} use the current values of {state.parameter_group}")
        return
    print(f"pending-reboot in {cluster}: {', '.join(state.pending)} of {', '.join(state.nodes)}")
    nodes = counted(len(state.pending), "cache node")
    question = f"reboot {nodes} of {cluster} one after another, which empties them"
    if stack.target.is_lab or yes or is_confirmed(question):
        rebooted = reboot_pending_nodes(stack.target, cluster, lambda line: print(line, flush=True))
        nodes = counted(len(rebooted), "node")
        print(f"rebooted {nodes} to apply the current values of {state.parameter_group}")
