"""The tasks for the lab: `./inv lab.start`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task, task

JSON_HELP = {"json": "print one JSON object and nothing else"}


def root(context: Context) -> Path:
    """Return the folder of the project, which contains envs/ and lambda/."""
    return Path(context.config.project)


def lab_tasks() -> Collection:
    """Return the collection `lab`."""
    tasks = (
        start,
        stop,
        status,
        open_page,
        doctor,
        fault,
        clear,
        deprecated_clear,
        origin,
        origins,
        show,
        shell,
        capture,
        configure,
        audit,
        save,
        load,
    )
    return Collection("lab", *tasks)


@task(
    help={
        "foreground": "do not return until the lab ends; SIGTERM and Ctrl-C stop it",
        "all-addresses": "in a container: listen on all addresses, which its published port needs",
        "persist": "folder in which the lab keeps its state, and from which it starts; "
        "default: VPCACHE_LAB_PERSIST, or none",
    }
)
def start(context: Context, foreground: bool = False, all_addresses: bool = False, persist: str = "") -> None:
    """Start the lab on 127.0.0.1.

    The port is 4600, or the value of VPCACHE_LAB_PORT.

    invoke lab.start --foreground
    """
    from vpcache.cli.host import lifecycle

    lifecycle.start(root(context), foreground=foreground, all_addresses=all_addresses, persist=persist)


@task(help={"yes": "do not ask for confirmation if the lab has stacks"})
def stop(_: Context, yes: bool = False) -> None:
    """Stop the lab and delete all stacks on it.

    If it has stacks, they are listed, and this must be confirmed. A lab that was
    started with --persist keeps its stacks in its folder.
    """
    from vpcache.cli.host import lifecycle

    lifecycle.stop(yes=yes)


@task(help=JSON_HELP)
def status(_: Context, json: bool = False) -> None:
    """Show whether the lab is running, and its endpoint."""
    from vpcache.cli import lab as lab_commands

    lab_commands.status(as_json=json)


@task(name="open")
def open_page(_: Context) -> None:
    """Open the page that shows the lab live, and print its URL.

    It shows each stack with its traffic, faults, dropped packets and logs, injects
    faults, invokes functions, and explains why a flow passes or not.
    """
    from vpcache.cli import inspect as inspect_commands

    inspect_commands.open_page()


FAULT_HELP = {
    "kind": "zone, nat-gateway, cache-node, interface, origin or dns",
    "target": "ID or name of the target: us-east-1a, nat-..., cluster/0001, eni-..., a host name, vpc-...",
}


@task(
    help=FAULT_HELP
    | {
        "mode": "effect: out, dead, hung or restarted for a cache node; down, slow, erroring or invalid_tls "
        "for an origin; down or erroring for dns; out for all others; default: the first of these",
        "seconds": "additional latency of each response of a slow origin; default: 2",
    }
)
def fault(_: Context, kind: str, target: str, mode: str = "", seconds: str = "") -> None:
    """Inject a fault into the lab until it is cleared.

    lab.status lists the active faults, lab.clear removes them.

    invoke lab.fault cache-node vpcache-dev/0001 --mode hung
    """
    from vpcache.cli import lab as lab_commands

    lab_commands.fault(kind, target, mode, seconds)


CLEAR_HELP = {key: f"{text}; default: all" for key, text in FAULT_HELP.items()}


@task(help=CLEAR_HELP)
def clear(_: Context, kind: str = "", target: str = "") -> None:
    """Clear the fault of one target, or all faults.

    invoke lab.clear --kind cache-node --target vpcache-dev/0001
    """
    from vpcache.cli import lab as lab_commands

    lab_commands.clear(kind, target)


@task(help=CLEAR_HELP, name="mend")
def deprecated_clear(_: Context, kind: str = "", target: str = "") -> None:
    """Deprecated since 0.3, removed in 0.4: use lab.clear."""
    from vpcache.cli import lab as lab_commands
    from vpcache.cli.console import print_notice

    print_notice("lab.mend is deprecated and will be removed in 0.4: use lab.clear")
    lab_commands.clear(kind, target)


@task(help=JSON_HELP)
def doctor(_: Context, json: bool = False) -> None:
    """Check the lab's requirements on this machine.

    If a lab is running, the consistency of its control plane with its kernel state
    and processes is checked too.
    """
    from vpcache.cli.host import doctor as doctor_command

    doctor_command.doctor(as_json=json)


@task(
    help={
        "name": "host name, e.g. api.example.com",
        "serve": "folder whose files the host serves: /employees is employees, or employees.json; "
        "default: none",
        "proxy": "127.0.0.1:PORT of this machine, to which the host passes requests on; default: none",
        "status": "HTTP status with which the host answers every request; default: none",
        "delay": "seconds before each answer, at most 60; default: 0",
        "remove": "remove the host",
    }
)
def origin(
    _: Context,
    name: str,
    serve: str = "",
    proxy: str = "",
    status: str = "",
    delay: str = "",
    remove: bool = False,
) -> None:
    """Add an HTTPS host to the lab's internet, or remove it.

    Functions resolve its name, trust its certificate, and reach it through the NAT
    gateway of their zone. lab.origins lists the requests that reached it.

    invoke lab.origin api.example.com --proxy 127.0.0.1:8000
    """
    from vpcache.cli import origin as origin_commands

    origin_commands.change(origin_commands.Choice(name, serve, proxy, status, delay, remove))


@task(help=JSON_HELP)
def origins(_: Context, json: bool = False) -> None:
    """List the added hosts, and the requests that reached them."""
    from vpcache.cli import origin as origin_commands

    origin_commands.show(as_json=json)


class PlaceTask(Task[Any]):
    """A task whose parameter `in_` is called `in` in messages, as its option is: Python reserves the word."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the arguments by the names of their options."""
        arguments = super().get_arguments(ignore_unknown_help)
        for argument in arguments:
            if argument.attr_name == "in_":
                argument.attr_name = None
        return arguments

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function with the names of its parameters."""
        return super().__call__(*args, **{"in_" if name == "in" else name: kwargs[name] for name in kwargs})


PLACE_HELP = {
    "in": "a function's name, cluster/0001, nat-..., eni-..., vpc-... (its router), igw-... or internet",
    "zone": "zone, if the name exists in several zones; default: the first",
}


@task
def show(_: Context) -> None:
    """Print the lab's topology as a tree."""
    from vpcache.cli import inspect as inspect_commands

    inspect_commands.show()


@task(klass=PlaceTask, help=PLACE_HELP | {"command": "command to run; default: an interactive shell"})
def shell(_: Context, in_: str, zone: str = "", command: str = "") -> None:
    """Open a shell in a network namespace of the lab."""
    from vpcache.cli import inspect as inspect_commands

    inspect_commands.shell(in_, zone, command)


@task(
    klass=PlaceTask,
    help=PLACE_HELP
    | {
        "file": "pcap file to write; default: NAME.pcap in reports/",
        "seconds": "duration; default: until Ctrl-C",
    },
)
def capture(context: Context, in_: str, zone: str = "", file: str = "", seconds: str = "") -> None:
    """Capture packets in a network namespace of the lab."""
    from vpcache.cli import inspect as inspect_commands

    inspect_commands.capture(root(context), in_, zone, file, seconds)


@task(help={"name": "setting, e.g. nat_idle_seconds", "value": "a whole number; for iam: off or enforce"})
def configure(_: Context, name: str, value: str) -> None:
    """Change a setting of the running lab and show all settings."""
    from vpcache.cli import lab as lab_commands

    lab_commands.configure(name, value)


@task(help={"principal": "ARN or name of a role or user; default: all"} | JSON_HELP)
def audit(_: Context, principal: str = "", json: bool = False) -> None:
    """Show the permissions that roles used and never used."""
    from vpcache.cli import lab as lab_commands

    lab_commands.audit(principal, as_json=json)


@task(help={"file": "file to write; an existing one is replaced"})
def save(_: Context, file: str) -> None:
    """Write the lab's state to a file.

    It has all resources, the code of functions and the objects in S3, such as
    Terraform's states, but not the items of caches.

    invoke lab.save dev.snapshot
    """
    from vpcache.cli.host import snapshots

    snapshots.save(file)


@task(
    help={
        "file": "file that lab.save wrote, with the same version",
        "replace": "stop a lab in use first, which deletes its stacks",
        "yes": "do not ask for confirmation before --replace stops a lab",
    }
)
def load(context: Context, file: str, replace: bool = False, yes: bool = False) -> None:
    """Load a file of lab.save into an unused lab.

    The lab is started if it is not running. Load files of people whose code you
    would run: they contain functions.

    invoke lab.load dev.snapshot
    """
    from vpcache.cli.host import snapshots

    snapshots.load(root(context), file, replace=replace, yes=yes)
