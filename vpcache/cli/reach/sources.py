"""The networks that `reach` answers for: of a running stack, of a plan, or of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vpcache.cli.console import print_notice, step
from vpcache.cli.reach.options import ReachOptions
from vpcache.cli.stack import chosen_stack, print_header
from vpcache.cli.views.terraform_json import plan_documents, read, source_name
from vpcache.program import command
from vpcache.project import Project
from vpcache.reach.network import Network
from vpcache.reach.policy_file import POLICY, Policy, read_policy
from vpcache.reach.running import running_network
from vpcache.reach.terraform_source import plans
from vpcache.reach.terraform_source.network import network
from vpcache.stack.stack import Stack


@dataclass(frozen=True)
class Subject:
    """The network to report on; `before` is the network that a plan changes.

    `folder` is the root module, and `policy` that beside it or of --policy, if there are any.
    """

    name: str
    network: Network
    before: Network | None = None
    folder: Path | None = None
    policy: Policy | None = None
    stack: Stack | None = None


def subject(root: Path, options: ReachOptions) -> Subject:
    """Return the network that the options choose. Raises VpcacheError if it cannot be read.

    The policy is read first: a mistake in it is found before a plan, which takes longer.
    """
    policy = read_policy(Path(options.policy)) if options.policy else None
    if options.from_plan:
        return _from_file(options, policy)
    folder = Project(root).environment_dir(options.environment)
    if policy is None and not options.asks_for_flows and (folder / POLICY).is_file():
        policy = read_policy(folder / POLICY)
    stack = chosen_stack(root, options.environment, options.target, options.name, start_lab=options.plan)
    if not options.as_json:
        print_header("reach", stack)
    if options.plan:
        document, evaluated = plan_documents(stack)
        before, after = plans.before(document), plans.after(document, evaluated)
        return Subject(f"the plan of {stack.name}", after, before, folder, policy, stack)
    with step("network"):
        running = running_network(stack)
    return Subject(stack.name, running, folder=folder, policy=policy, stack=stack)


def _from_file(options: ReachOptions, policy: Policy | None) -> Subject:
    against = read(options.against, "--against") if options.against else None
    document = read(options.from_plan, "--from-plan")
    before = None
    if against is not None:
        before = network(against)
    elif plans.is_plan(document):
        before = plans.before(document)
    after = plans.after(document)
    if plans.is_plan(document) and after.undecided:
        print_notice(
            "the JSON of a plan lacks local values: `"
            + command("reach", "--plan", env="ROOT_MODULE")
            + "` lets Terraform evaluate them"
        )
    return Subject(source_name(options.from_plan), after, before, policy=policy)
