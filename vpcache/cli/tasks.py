"""The tasks for users: `./inv apply` in a clone, `vpcache apply` with an installed package.

A task imports its command when it runs: `--list`, `--help` and completion import no command.
"""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from vpcache.cli.lab_tasks import JSON_HELP, lab_tasks, root
from vpcache.cli.target_choice import TargetChoice


def user_tasks(project: Path) -> Collection:
    """Return the tasks for users, which need no clone of this repository, for the project in a folder."""
    tasks = (
        new_env,
        apply,
        plan,
        status,
        outputs,
        call,
        logs,
        verify,
        reach,
        diagram,
        cost,
        drill,
        reboot_cache,
        destroy,
        sweep,
        unlock,
    )
    collection = Collection(*tasks, lab_tasks())
    collection.configure({"project": str(project)})
    return collection


STACK_HELP = {
    "env": "environment: a folder of envs/, e.g. dev, or the path of a root module",
    "target": "lab or aws; default: VPCACHE_TARGET, lab",
    "region": "AWS region, e.g. eu-west-1; default: the environment's, AWS_REGION, the profile's, us-east-1",
    "name": "name of the stack; default: vpcache-<env>; stacks with different names can coexist",
}
SOURCE_HELP = {
    "env": f"{STACK_HELP['env']}; default: none, as --from is given",
    "from": "file with the output of `terraform show -json`, - for stdin; default: none, as --env is given",
}
YES_HELP = {"yes": "on aws, do not ask for confirmation"}
CONFIRM_HELP = {"confirm": "the stack's name, required where --yes is not sufficient; default: it is typed"}


@task(
    help={
        "name": "name of the environment: its folder in envs/, e.g. staging",
        "region": "AWS region, e.g. eu-west-1",
        "zones": "availability zones of the region with commas between: letters, e.g. a,b,c, or full names",
        "cidr": "CIDR block of the VPC, /16 to /22; default: a /20 that no environment overlaps",
        "origin-url": "HTTPS base URL of the API to cache; default: that of the copied environment",
        "like": "environment whose files and other values are copied; default: dev",
    }
)
def new_env(
    context: Context,
    name: str,
    region: str,
    zones: str,
    cidr: str = "",
    origin_url: str = "",
    like: str = "dev",
) -> None:
    """Create an environment with CIDR blocks that can grow.

    Its folder in envs/ has the files of another environment and a terraform.tfvars
    that explains each value. Nothing is applied, and neither lab nor account is
    needed.

    invoke new-env staging --region eu-west-1 --zones a,b,c
    invoke new-env live --region us-east-1 --zones a,b --like prod
    """
    from vpcache.cli import environment as environment_commands

    environment_commands.new_env(
        root(context), name, region=region, zones=zones, cidr=cidr, origin_url=origin_url, like=like
    )


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
    """Create or update the stack.

    On the lab, which is started if necessary, the plan is applied at once. On aws
    the plan is shown and must be confirmed. After an interruption, apply again: the
    plan lists the resources that the interrupted run left outside the state, and
    deletes them. Changes that destroy or replace a cluster, NAT gateway, elastic IP
    or subnet of a protected stack require typing the stack's name, on the lab too.

    invoke apply --env dev
    invoke apply --env prod --name rehearsal
    """
    from vpcache.cli import stack as stack_commands

    stack_commands.apply(root(context), env, TargetChoice(target, region), name, yes=yes, confirm=confirm)


@task(help=STACK_HELP | JSON_HELP)
def plan(
    context: Context, env: str, target: str = "", region: str = "", name: str = "", json: bool = False
) -> None:
    """Show the changes that apply would make.

    The last line names the resources that would be replaced and destroyed. The exit
    status is 0 with and without changes. Without changes it prints "no changes".
    The lab is started if necessary, as it has the state.
    """
    from vpcache.cli import stack as stack_commands

    stack_commands.plan(root(context), env, TargetChoice(target, region), name, as_json=json)


@task(help=STACK_HELP | JSON_HELP)
def outputs(
    context: Context, env: str, target: str = "", region: str = "", name: str = "", json: bool = False
) -> None:
    """Show the stack's zones, addresses, nodes and functions."""
    from vpcache.cli import stack as stack_commands

    stack_commands.outputs(root(context), env, TargetChoice(target, region), name, as_json=json)


@task(
    help=STACK_HELP
    | JSON_HELP
    | {
        "drift": "also find changes outside Terraform, by a refresh-only plan of each stack: seconds each",
        "env": "only stacks of this environment; default: all environments",
        "region": "only this AWS region; default: all regions with a state bucket",
        "name": "only the stack with this name; default: all stacks",
    }
)
def status(
    context: Context,
    env: str = "",
    target: str = "",
    region: str = "",
    name: str = "",
    drift: bool = False,
    json: bool = False,
) -> None:
    """List the stacks: state, age, drift, protection, faults.

    The state is applied, applying, destroying, interrupted, failed or empty. The
    age is the time since the last successful apply. A stopped lab is not started:
    it has no stacks, and the exit status is 0.

    invoke status
    invoke status --env dev --drift
    """
    from vpcache.cli.views import status as status_command

    status_command.status(
        root(context), env, TargetChoice(target, region), name, with_drift=drift, as_json=json
    )


@task(
    help=STACK_HELP
    | JSON_HELP
    | {
        "path": "resource of the origin, e.g. /employees/archive; default: /employees",
        "body": "print only the response's body on stdout, for a pipe; source and duration on stderr",
    }
)
def call(
    context: Context,
    env: str,
    path: str = "/employees",
    target: str = "",
    region: str = "",
    name: str = "",
    body: bool = False,
    json: bool = False,
) -> None:
    """Call the cached API once, and show source and duration.

    The origin answers the first call of a path, the cache the calls of the next
    five minutes.

    invoke call --env dev --path /employees/archive
    invoke call --env dev --body | jq .
    """
    from vpcache.cli.views import call as call_command

    options = call_command.CallOptions(path, as_json=json, as_body=body)
    call_command.call(root(context), env, TargetChoice(target, region), name, options)


@task(
    help=STACK_HELP
    | {
        "function": "function, with or without the stack's name before it, e.g. cached-api; default: all",
        "since": "how far back: a number with s, m, h or d; default: 10m",
        "filter": "only lines that match this filter pattern of CloudWatch Logs, e.g. ERROR; default: all",
        "follow": "print new lines until Ctrl-C, which exits with status 130",
        "json": "print one JSON object for each line and nothing else",
    }
)
def logs(
    context: Context,
    env: str,
    function: str = "",
    since: str = "10m",
    filter: str = "",
    follow: bool = False,
    target: str = "",
    region: str = "",
    name: str = "",
    json: bool = False,
) -> None:
    """Show log lines of the stack's functions and HTTP APIs.

    The lines of all log groups are merged in the order of their time (UTC). Each
    has the function, and its zone or the first digits of the log stream. While
    following, a line that arrives up to 30 seconds late is printed when it arrives.

    invoke logs --env dev --since 1h --filter ERROR
    invoke logs --env dev --function cached-api --follow
    """
    from vpcache.cli.views import logs as logs_command

    options = logs_command.LogOptions(function, since, filter, follow)
    logs_command.logs(root(context), env, TargetChoice(target, region), name, options, as_json=json)


@task(
    help=STACK_HELP
    | JSON_HELP
    | {"path": "resource that the origin answers with status 200; default: /employees"}
)
def verify(
    context: Context,
    env: str,
    path: str = "/employees",
    target: str = "",
    region: str = "",
    name: str = "",
    json: bool = False,
) -> None:
    """Probe the running stack and show the evidence.

    The probes check that each zone uses its own NAT gateway, that the cache
    answers, and that the cache is private. The exit status is 1 if a probe fails.
    """
    from vpcache.cli import stack as stack_commands

    stack_commands.verify(root(context), env, TargetChoice(target, region), name, path=path, as_json=json)


@task(
    help=STACK_HELP
    | JSON_HELP
    | {
        "env": f"{STACK_HELP['env']}; default: none, as --from-plan is given",
        "from": "end that sends: a name, an ID, a CIDR block, internet; default: each",
        "to": "end that answers, as NAME, NAME:PORT or NAME:PORT/udp, e.g. cache:11211; default: each",
        "plan": "plan the environment and show what the change opens, closes and re-routes",
        "from-plan": "file with the output of `terraform show -json`, of a plan or a state, - for stdin; "
        "default: none",
        "against": "file with the state to compare --from-plan with; default: the state in the plan",
        "policy": "file with assertions; default: reach.policy beside the root module, if it exists",
        "live": "send the packets in the lab and show both verdicts",
        "markdown": "Markdown file to write, for a pull request's comment; default: none",
        "sarif": "SARIF file to write, for code scanning; default: none",
    }
)
def reach(
    context: Context,
    env: str = "",
    target: str = "",
    region: str = "",
    name: str = "",
    from_: str = "",
    to: str = "",
    plan: bool = False,
    from_plan: str = "",
    against: str = "",
    policy: str = "",
    live: bool = False,
    markdown: str = "",
    sarif: str = "",
    json: bool = False,
) -> None:
    """Show which packets can pass, and why; check the policy.

    Without --from and --to it is a table of all ends, with findings. The exit
    status is 1 if the policy is violated, 2 if the input is invalid.

    invoke reach --env dev --from internet --to cache:11211
    invoke reach --env dev --plan --markdown reach.md
    terraform show -json plan.tfplan | invoke reach --from-plan -
    """
    from vpcache.cli.reach import command as reach_command
    from vpcache.cli.reach.options import ReachOptions

    reach_command.reach(
        root(context),
        ReachOptions(
            environment=env,
            target=TargetChoice(target, region),
            name=name,
            source=from_,
            destination=to,
            plan=plan,
            from_plan=from_plan,
            against=against,
            policy=policy,
            live=live,
            markdown=markdown,
            sarif=sarif,
            as_json=json,
        ),
    )


@task(
    help=STACK_HELP
    | JSON_HELP
    | {
        "plan": "draw the plan of the environment, and mark what it creates, opens and closes",
        "live": "probe the running stack and show the results in the diagram",
        "svg": "SVG file to write; default: an SVG and a PNG in reports/, none if --png is given",
        "png": "PNG file to write; default: none if --svg is given",
    }
    | SOURCE_HELP
)
def diagram(
    context: Context,
    env: str = "",
    target: str = "",
    region: str = "",
    name: str = "",
    plan: bool = False,
    live: bool = False,
    svg: str = "",
    png: str = "",
    from_: str = "",
    json: bool = False,
) -> None:
    """Draw zones, subnets, egress paths and passing traffic.

    The diagram shows the state of an applied stack, else a plan that needs neither
    lab nor account. Without --svg and --png, both files are written to reports/.

    invoke diagram --env dev --live
    invoke diagram --env dev --plan --svg change.svg
    invoke diagram --env prod --svg prod.svg
    terraform show -json | invoke diagram --from - --png mine.png
    """
    from vpcache.cli.views import diagram as diagram_commands

    diagram_commands.diagram(
        root(context),
        env,
        TargetChoice(target, region),
        name,
        source=from_,
        svg=svg,
        png=png,
        plan=plan,
        live=live,
        as_json=json,
    )


@task(help={"region": STACK_HELP["region"]} | JSON_HELP | SOURCE_HELP)
def cost(context: Context, env: str = "", region: str = "", from_: str = "", json: bool = False) -> None:
    """Estimate the monthly cost of the stack, and savings.

    The estimate is based on a plan and on AWS's list prices, with their dates. It
    lists alternatives with their savings and their disadvantages.

    invoke cost --env prod
    terraform show -json | invoke cost --from -
    """
    from vpcache.cli.views import cost as cost_commands

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
    """Destroy the stack, then check the account for leftovers.

    The exit status is 1 if resources are left. On aws the plan is shown and must
    be confirmed, and Lambda may keep its network interfaces for 45 minutes. A
    protected stack requires typing its name, on the lab too.
    """
    from vpcache.cli import stack as stack_commands

    stack_commands.destroy(root(context), env, TargetChoice(target, region), name, yes=yes, confirm=confirm)


@task(
    help=STACK_HELP
    | JSON_HELP
    | YES_HELP
    | CONFIRM_HELP
    | {
        "fault": "one of zone, zone-network, nat-gateway, node-reboot, node-dead, node-hung, all-nodes, "
        "origin-down, origin-erroring; on aws zone-network, nat-gateway or node-reboot; default: none, as "
        "--soak is given",
        "zone": "zone of the fault; default: the first zone of the stack",
        "seconds": "duration of the fault, and of the load after it; default: 15, at most 3600",
        "svg": "SVG file to write the timeline to; default: none",
        "soak": "inject faults in turn, one every two minutes, instead of --fault; lab only",
        "minutes": "duration of the soak; default: 30, at most 1440",
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
    """Inject a fault under load and show the effect on callers.

    After --seconds the fault is removed, and the load continues for the same time.
    The fault is also removed after Ctrl-C, SIGTERM or a closed terminal. If the
    drill is killed, the next command for the stack, or sweep, removes the fault.

    invoke drill --env dev --fault zone --zone us-east-1b --svg zone.svg
    invoke drill --env dev --soak
    """
    from vpcache.cli import drill as drill_commands

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
    """Reboot cache nodes with pending parameter changes.

    The nodes are rebooted one after another, each when the previous one is
    available. A reboot empties the node. On aws this must be confirmed.

    invoke reboot-cache --env dev
    """
    from vpcache.cli import reboot as reboot_commands

    reboot_commands.reboot_cache(root(context), env, TargetChoice(target, region), name, yes=yes)


SWEEP_HELP = {key: STACK_HELP[key] for key in ("target", "region", "name")}


@task(
    help=SWEEP_HELP
    | YES_HELP
    | CONFIRM_HELP
    | {"tests": "also delete test stacks that may still be in use; only for nightly jobs that run alone"}
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

    Each stack is destroyed by its state first, then by its tag. Stacks outside
    test runs are destroyed only with --name, whether interrupted or not.
    Stacks that `pytest --vpcache-keep` keeps on labs are shown, and removed
    with --name or --tests.
    """
    from vpcache.cli import sweep as sweep_commands

    sweep_commands.sweep(
        root(context), TargetChoice(target, region), name, tests=tests, yes=yes, confirm=confirm
    )


@task(help=SWEEP_HELP | YES_HELP)
def unlock(context: Context, name: str, target: str = "", region: str = "", yes: bool = False) -> None:
    """Release the state lock of a dead run."""
    from vpcache.cli import sweep as sweep_commands

    sweep_commands.unlock(root(context), TargetChoice(target, region), name, yes=yes)
