"""The tasks that users run: `./inv apply` in a clone, `vpcache apply` where the package is installed."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from vpcache.cli import cost as cost_commands
from vpcache.cli import diagram as diagram_commands
from vpcache.cli import drill as drill_commands
from vpcache.cli import inspect as inspect_commands
from vpcache.cli import lab as lab_commands
from vpcache.cli import reboot as reboot_commands
from vpcache.cli import stack as stack_commands
from vpcache.cli import sweep as sweep_commands
from vpcache.cli.console import say_notice
from vpcache.cli.stack import TargetChoice


def root(context: Context) -> Path:
    """Return the folder of the project that the tasks are about: the one with envs/ and lambda/."""
    return Path(context.config.project)


def user_tasks(project: Path) -> Collection:
    """Return the tasks that need no clone of this repository, about the project in a folder."""
    tasks = (apply, plan, outputs, call, verify, diagram, cost, drill, reboot_cache, destroy, sweep, unlock)
    lab_tasks = (start, stop, status, doctor, fault, clear, mend, show, shell, capture, configure)
    collection = Collection(*tasks, Collection("lab", *lab_tasks))
    collection.configure({"project": str(project)})
    return collection


STACK_HELP = {
    "env": "environment: a folder of envs/, e.g. dev",
    "target": "where AWS is: lab (the default) or aws; also VPCACHE_TARGET",
    "region": "AWS region, e.g. eu-west-1; default: the environment's, AWS_REGION, the profile's, us-east-1",
    "name": "name of the stack, vpcache-<env> by default; stacks of several names can exist side by side",
}
JSON_HELP = {"json": "print one JSON object and nothing else"}
FROM_HELP = {
    "from": "instead of an environment: a file of what `terraform show -json` printed, or - for stdin"
}
YES_HELP = {"yes": "on aws, do not ask for confirmation"}
CONFIRM_HELP = {"confirm": "the stack's name, where it would have to be typed: --yes does not do there"}


@task(help=STACK_HELP | YES_HELP | CONFIRM_HELP)
def apply(
    context: Context,
    env: str,
    target: str = "",
    region: str = "",
    name: str = "",
    yes: bool = False,
    confirm: str = "",
) -> None:
    """Make the stack, or change it to what its environment says.

    On the lab, which is started if need be, this goes ahead at once; on aws the
    plan is shown and needs a yes. After an interruption apply again: the plan
    lists what the interrupted run created outside the state, and deletes it.
    What destroys or replaces a cluster, NAT gateway, address or subnet of a
    protected stack needs the stack's name typed, on the lab too.

    invoke apply --env dev
    invoke apply --env prod --name rehearsal
    """
    stack_commands.apply(root(context), env, TargetChoice(target, region), name, yes=yes, confirm=confirm)


@task(help=STACK_HELP | JSON_HELP)
def plan(
    context: Context, env: str, target: str = "", region: str = "", name: str = "", json: bool = False
) -> None:
    """Show what apply would change.

    The exit status is 0 whether or not there are changes; "no changes" says that
    there are none.
    """
    stack_commands.plan(root(context), env, TargetChoice(target, region), name, as_json=json)


@task(help=STACK_HELP | JSON_HELP)
def outputs(
    context: Context, env: str, target: str = "", region: str = "", name: str = "", json: bool = False
) -> None:
    """Show the stack's zones, addresses, nodes and functions."""
    stack_commands.outputs(root(context), env, TargetChoice(target, region), name, as_json=json)


@task(help=STACK_HELP | JSON_HELP | {"path": "resource of the origin, e.g. /employees/archive"})
def call(
    context: Context,
    env: str,
    path: str = "/employees",
    target: str = "",
    region: str = "",
    name: str = "",
    json: bool = False,
) -> None:
    """Call the cached API once: from where, and how fast?

    The first call for a path is answered by the origin, those of the next five
    minutes by the cache.

    invoke call --env dev --path /employees/archive
    """
    stack_commands.call(root(context), env, TargetChoice(target, region), name, path=path, as_json=json)


@task(help=STACK_HELP | JSON_HELP)
def verify(
    context: Context, env: str, target: str = "", region: str = "", name: str = "", json: bool = False
) -> None:
    """Probe the running stack and show the evidence.

    Does each zone leave by its own NAT gateway, does the cache answer, and can
    nobody else reach it? The exit status is 1 if a probe fails.
    """
    stack_commands.verify(root(context), env, TargetChoice(target, region), name, as_json=json)


@task(
    help=STACK_HELP
    | JSON_HELP
    | {
        "live": "probe the running stack and show the results on the picture",
        "svg": "file to draw into; by default both an SVG and a PNG in reports/",
        "png": "file to draw into",
    }
    | FROM_HELP
)
def diagram(
    context: Context,
    env: str = "",
    target: str = "",
    region: str = "",
    name: str = "",
    live: bool = False,
    svg: str = "",
    png: str = "",
    from_: str = "",
    json: bool = False,
) -> None:
    """Draw zones, subnets, ways out, and who may reach whom.

    As the stack stands, by its state; or as it would stand, by a plan that needs
    neither lab nor account. Without --svg and --png both are made in reports/.

    invoke diagram --env dev --live
    invoke diagram --env prod --svg prod.svg
    terraform show -json | invoke diagram --from - --png mine.png
    """
    diagram_commands.diagram(
        root(context),
        env,
        TargetChoice(target, region),
        name,
        source=from_,
        svg=svg,
        png=png,
        live=live,
        as_json=json,
    )


@task(help={key: STACK_HELP[key] for key in ("env", "region")} | JSON_HELP | FROM_HELP)
def cost(context: Context, env: str = "", region: str = "", from_: str = "", json: bool = False) -> None:
    """Say what the stack costs a month, and what could be less.

    By the environment's code, before anything is made, and AWS's list prices of
    the days that the table says. Then what could be chosen otherwise, what that
    saves and what it loses.

    invoke cost --env prod
    terraform show -json | invoke cost --from -
    """
    cost_commands.cost(root(context), env, region, source=from_, as_json=json)


@task(help=STACK_HELP | YES_HELP | CONFIRM_HELP)
def destroy(
    context: Context,
    env: str,
    target: str = "",
    region: str = "",
    name: str = "",
    yes: bool = False,
    confirm: str = "",
) -> None:
    """Destroy the stack, then ask the account what is left.

    The exit status is 1 if something is. On aws the plan is shown and needs a
    yes, and Lambda may keep its network interfaces for 45 minutes. A protected
    stack needs its name typed, on the lab too.
    """
    stack_commands.destroy(root(context), env, TargetChoice(target, region), name, yes=yes, confirm=confirm)


@task(
    help=STACK_HELP
    | JSON_HELP
    | YES_HELP
    | CONFIRM_HELP
    | {
        "fault": "one of zone, zone-network, nat-gateway, node-reboot, node-dead, node-hung, all-nodes, "
        "origin-down, origin-erroring; on aws zone-network, nat-gateway or node-reboot",
        "zone": "the fault's zone; the stack's first by default",
        "seconds": "how long the fault lasts, and the load after it: 15 by default, at most 3600",
        "svg": "file to draw the timeline into",
        "soak": "instead of one fault, one after another, every two minutes; on the lab only",
        "minutes": "how long to soak: 30 by default, at most 1440",
    }
)
def drill(
    context: Context,
    env: str,
    fault: str = "",
    zone: str = "",
    seconds: str | None = None,
    svg: str = "",
    soak: bool = False,
    minutes: str | None = None,
    target: str = "",
    region: str = "",
    name: str = "",
    json: bool = False,
    yes: bool = False,
    confirm: str = "",
) -> None:
    """Inject a fault under load and show what callers saw.

    After --seconds the fault is removed, and the load goes on for as long again.
    So it is after Ctrl-C, SIGTERM or a closed terminal; if the drill is killed,
    the next command for the stack, or sweep, removes the fault.

    invoke drill --env dev --fault zone --zone us-east-1b --svg zone.svg
    invoke drill --env dev --soak
    """
    drill_commands.drill(
        root(context),
        env,
        TargetChoice(target, region),
        name,
        drill_commands.DrillOptions(fault, zone, seconds, svg, soak, minutes),
        as_json=json,
        yes=yes,
        confirm=confirm,
    )


@task(help=STACK_HELP | YES_HELP)
def reboot_cache(
    context: Context, env: str, target: str = "", region: str = "", name: str = "", yes: bool = False
) -> None:
    """Reboot cache nodes whose changed parameters wait for it.

    One by one, each when the one before is available again. A reboot empties the
    node. On aws this needs a yes; without a node to reboot nothing is done.

    invoke reboot-cache --env dev
    """
    reboot_commands.reboot_cache(root(context), env, TargetChoice(target, region), name, yes=yes)


SWEEP_HELP = {key: STACK_HELP[key] for key in ("target", "region", "name")}


@task(
    help=SWEEP_HELP
    | YES_HELP
    | CONFIRM_HELP
    | {"tests": "also stacks of test runs that may be alive: for a nightly job, which knows of no other"}
)
def sweep(
    context: Context,
    target: str = "",
    region: str = "",
    name: str = "",
    tests: bool = False,
    yes: bool = False,
    confirm: str = "",
) -> None:
    """Destroy the stacks of dead test runs, or one stack.

    Each by its state first, then by its tag. Stacks that are not a test run's
    are only swept by --name: then all of it, interrupted or not.
    """
    sweep_commands.sweep(
        root(context), TargetChoice(target, region), name, tests=tests, yes=yes, confirm=confirm
    )


@task(help=SWEEP_HELP | YES_HELP)
def unlock(context: Context, name: str, target: str = "", region: str = "", yes: bool = False) -> None:
    """Take away the lock that a dead run left on a state."""
    sweep_commands.unlock(root(context), TargetChoice(target, region), name, yes=yes)


@task
def start(context: Context) -> None:
    """Start the lab on 127.0.0.1.

    On port 4600, or the one that VPCACHE_LAB_PORT names.
    """
    lab_commands.start(root(context))


@task
def stop(_: Context) -> None:
    """Stop the lab, and with it every stack on it."""
    lab_commands.stop()


@task(help=JSON_HELP)
def status(_: Context, json: bool = False) -> None:
    """Tell whether the lab runs, and where."""
    lab_commands.status(as_json=json)


FAULT_HELP = {
    "kind": "zone, nat_gateway, cache_node, interface, origin or dns",
    "target": "which one: us-east-1a, nat-..., cluster/0001, eni-..., a host's name, vpc-...",
}


@task(
    help=FAULT_HELP
    | {
        "mode": "how: a cache node may be out, dead, hung or restarted; an origin down, slow, erroring or "
        "invalid_tls; dns down or erroring; all else is out",
        "seconds": "what each answer of a slow origin takes more",
    }
)
def fault(_: Context, kind: str, target: str, mode: str = "", seconds: str = "") -> None:
    """Let something in the lab go wrong until it is mended.

    lab.status tells what is wrong.

    invoke lab.fault cache_node vpcache-dev/0001 --mode hung
    """
    lab_commands.fault(kind, target, mode, seconds)


@task(help=FAULT_HELP)
def clear(_: Context, kind: str = "", target: str = "") -> None:
    """Clear the fault of one target, or all faults."""
    lab_commands.clear(kind, target)


@task(help=FAULT_HELP)
def mend(_: Context, kind: str = "", target: str = "") -> None:
    """Deprecated since 0.3: the name of lab.clear until 0.4."""
    say_notice("lab.mend is deprecated and will be removed in 0.4: use lab.clear")
    lab_commands.clear(kind, target)


@task(help=JSON_HELP)
def doctor(_: Context, json: bool = False) -> None:
    """Say what this machine lacks for the lab, and what to do.

    While a lab runs, also whether its kernel and processes are what its control
    plane says.
    """
    lab_commands.doctor(as_json=json)


PLACE_HELP = {
    "in": "a function's name, cluster/0001, nat-..., eni-..., vpc-... (its router), igw-... or internet",
    "zone": "which one, of something in several zones",
}


@task
def show(_: Context) -> None:
    """Print the lab's topology as a tree."""
    inspect_commands.show()


@task(help=PLACE_HELP | {"command": "run this there instead of an interactive shell"})
def shell(_: Context, in_: str, zone: str = "", command: str = "") -> None:
    """Open a shell on the network of something in the lab."""
    inspect_commands.shell(in_, zone, command)


@task(help=PLACE_HELP | {"file": "where to write the pcap", "seconds": "how long; until Ctrl-C by default"})
def capture(_: Context, in_: str, zone: str = "", file: str = "lab.pcap", seconds: str = "") -> None:
    """Record the packets of something in the lab."""
    inspect_commands.capture(in_, zone, file, seconds)


@task(help={"name": "e.g. nat_idle_seconds", "value": "a whole number"})
def configure(_: Context, name: str, value: str) -> None:
    """Change a setting of the running lab and show all."""
    lab_commands.configure(name, value)
