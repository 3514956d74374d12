"""`python -m bench.lab`: measure the lab's networks, packets and API, and many concurrent functions."""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.lab.daemon import CONCURRENCY as CALLERS
from bench.lab.daemon import INVOCATIONS as GROWING
from bench.lab.daemon import SETTLED, measure_growth, measure_starts
from bench.sites import site
from vpcache.lab.client import Lab
from vpcache.lab.functions.python.interpreters import host_interpreter
from vpcache.lab.network.isolation import capture_isolated
from vpcache.lab.network.kernel import Kernel
from vpcache.lab.network.naming import INTERNET, interface_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.network.planner import plan
from vpcache.stack.target import lab_target
from vpcache.testing.run import free_port

SIZES = (25, 50, 100, 200, 400)  # interfaces
ZONES = 6
BUILDS = 5
ROUND_TRIPS = 4000
INVOCATIONS = 300
FUNCTIONS, CONCURRENCY = 50, 200
"""The number of functions, and of concurrent invocations of them."""
INVOCATION_SECONDS = 15.0  # of each concurrent invocation: the first one ends after the last one begins

Figures = dict[str, Any]

_CODE = """
import time

def handler(event, _):
    began = time.time()
    time.sleep(event["seconds"])
    return [began, time.time()]
"""


def main() -> int:
    """Measure everything and print it; return the exit status, 1 if a limit is exceeded."""
    network = measure_isolated(measure_network)
    with tempfile.TemporaryDirectory() as folder:
        api = measure_api(Path(folder))
    lines = [*_tables(network, api), "", *(_verdict(*limit) for limit in limits(network, api))]
    print("\n".join(lines))
    return 0 if all(value <= limit for _, value, limit, _ in limits(network, api)) else 1


def limits(network: Figures, api: Figures) -> list[tuple[str, float, float, str]]:
    """Return each limit: name, measured value, limit and unit."""
    trips, large = network["round_trips"], network["sizes"][str(200)]
    return [
        ("interface to interface, over loopback", trips["interface"] / trips["loopback"], 2.5, ""),
        ("through NAT and internet gateway, over loopback", trips["nat"] / trips["loopback"], 4.0, ""),
        ("6 zones and 200 interfaces", large["build"], 2.0, " s"),
        ("one more interface", large["more"] * 1e3, 50.0, " ms"),
        ("lab ready", api["ready"], 0.5, " s"),
        ("memory of a fresh lab", api["fresh"], 150.0, " MiB"),
        (f"memory after {GROWING} invocations", api["invoked"], 150.0, " MiB"),
        (f"growth of it since the first {SETTLED}", api["growth"], 3.0, " MiB"),
        ("warm invocation through the API, p50", api["invoke"] * 1e3, 15.0, " ms"),
        (f"of {CONCURRENCY} concurrent invocations, errors", api["errors"], 0.0, ""),
        (
            f"of {CONCURRENCY} concurrent invocations, not running together",
            CONCURRENCY - api["running"],
            0.0,
            "",
        ),
    ]


def measure_isolated(measure: Callable[[], Figures]) -> Figures:
    """Return what `measure` returns in namespaces like the lab's own."""
    output = capture_isolated(lambda stream: json.dump(measure(), stream))
    if not output:
        raise RuntimeError("the measurement failed; its traceback is above")
    figures: Figures = json.loads(output)
    return figures


def measure_network() -> Figures:
    """Measure networks of several sizes, and round trips in one of them."""
    namespaces = Namespaces()
    kernel = Kernel(namespaces)
    sizes = {size: _built(kernel, size) for size in SIZES}
    kernel.apply(plan(site(2, 4)))
    one, other = interface_namespace("eni-0"), interface_namespace("eni-1")
    paths = {
        "loopback": (one, one, "127.0.0.1"),
        "interface": (one, other, "10.0.3.4"),
        "nat": (one, INTERNET, "198.51.100.10"),
    }
    rounds = [{path: _round_trip(namespaces, *ends) for path, ends in paths.items()} for _ in range(5)]
    trips = {path: statistics.median(figures[path] for figures in rounds) for path in paths}
    return {"sizes": sizes, "round_trips": trips}


def _built(kernel: Kernel, size: int) -> dict[str, float]:
    """Build a network of `size` interfaces several times; return the median times in s."""
    rounds = []
    for _ in range(BUILDS):
        build = _timed(lambda: kernel.apply(plan(site(ZONES, size))))
        more = _timed(lambda: kernel.apply(plan(site(ZONES, size + 1))))
        fault = _timed(lambda: kernel.apply(plan(site(ZONES, size + 1), frozenset({"eni-0"}))))
        kernel.close()
        rounds.append({"build": build, "more": more, "fault": fault})
    return {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}


def _round_trip(namespaces: Namespaces, client: str, server: str, address: str) -> float:
    """Return the median round-trip time of one byte between two processes, in seconds."""
    listener = namespaces.listen(server, address, 0)
    port = listener.getsockname()[1]
    echo = os.fork()
    if echo == 0:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while byte := connection.recv(1):
            connection.sendall(byte)
        os._exit(0)
    listener.close()
    times = []
    with namespaces.socket(client) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect((address, port))
        for _ in range(ROUND_TRIPS):
            began = time.perf_counter()
            connection.sendall(b"x")
            connection.recv(1)
            times.append(time.perf_counter() - began)
    os.waitpid(echo, 0)
    return statistics.median(times)


def measure_api(folder: Path) -> Figures:
    """Measure a lab's start, warm invocations and plain requests, and many concurrent invocations."""
    lab = Lab(free_port())
    starts = measure_starts(lab, folder / "lab.log")
    lab.start(folder / "lab.log")
    try:
        return {**starts, **_invocations(lab)}
    finally:
        lab.stop()


def _invocations(lab: Lab) -> Figures:
    target = lab_target(lab.endpoint, {})
    lambdas = target.client("lambda", max_pool_connections=CONCURRENCY, read_timeout=120)
    functions = list(_functions(target, lambdas))

    def invoke(name: str, seconds: float = 0.0) -> tuple[float, float]:
        answer = lambdas.invoke(FunctionName=name, Payload=json.dumps({"seconds": seconds}))
        began, ended = json.load(answer["Payload"])
        return began, ended

    invoke(functions[0])
    warm = [_timed(lambda: invoke(functions[0])) for _ in range(INVOCATIONS)]
    bare = [_timed(lambda: lab.ask("GET", "status")) for _ in range(INVOCATIONS)]
    growth = measure_growth(lab, lambda: invoke(functions[0]))
    before = _available()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        began = time.time()
        calls = [
            pool.submit(invoke, functions[n % FUNCTIONS], INVOCATION_SECONDS) for n in range(CONCURRENCY)
        ]
        wait(calls, INVOCATION_SECONDS / 2)  # all invocations hold their memory now
        memory = before - _available()
    spans = [call.result() for call in calls if not call.exception()]
    return {
        "invoke": statistics.median(warm),
        "bare": statistics.median(bare),
        **growth,
        "errors": CONCURRENCY - len(spans),
        "running": max(sum(start <= moment < end for start, end in spans) for moment, _ in spans),
        "late": max(start for start, _ in spans) - began,
        "memory": memory / 1e6 / CONCURRENCY,
    }


def _functions(target: Any, lambdas: Any) -> Iterator[str]:
    ec2 = target.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"][0]
    role = _execution_role(target.client("iam"))
    code = BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", _CODE)
    for number in range(FUNCTIONS):
        lambdas.create_function(
            FunctionName=f"bench-{number}",
            Runtime=host_interpreter().name,
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=120,
            VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [group["GroupId"]]},
        )
        active = lambdas.get_waiter("function_active_v2")
        active.wait(FunctionName=f"bench-{number}", WaiterConfig={"Delay": 0.1})
        yield f"bench-{number}"


def _execution_role(iam: Any) -> str:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role: str = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(
        RoleName="bench", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    )
    return role


def _timed(body: Callable[[], object]) -> float:
    began = time.perf_counter()
    body()
    return time.perf_counter() - began


def _available() -> int:
    """Return the machine's available memory in bytes; the kernel's memory for networks is not part of it."""
    (line,) = (line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAv"))
    return int(line.split()[1]) * 1024


def _tables(network: Figures, api: Figures) -> Iterator[str]:
    yield "interfaces   build s   one more ms   a fault ms"
    for size, figures in network["sizes"].items():
        yield (
            f"{size:>10}{figures['build']:10.2f}{figures['more'] * 1e3:14.1f}{figures['fault'] * 1e3:13.1f}"
        )
    loopback = network["round_trips"]["loopback"]
    yield "round trip        µs   over loopback"
    for path, seconds in network["round_trips"].items():
        yield f"{path:12}{seconds * 1e6:8.1f}{seconds / loopback:16.2f}"
    cold = "not measured" if api["cold"] is None else f"{api['cold']:.2f} s"
    yield (
        f"lab ready after {api['ready']:.2f} s, with a cold file cache: {cold}; first answer of AWS's API "
        f"after {api['answered']:.2f} s"
    )
    yield (
        f"memory of the daemon {api['fresh']:.0f} MiB when fresh, {api['invoked']:.0f} MiB after {GROWING} "
        f"invocations by {CALLERS} callers"
    )
    yield (
        f"warm invocation {api['invoke'] * 1e3:.1f} ms, beside a bare request to the lab "
        f"{api['bare'] * 1e3:.1f} ms"
    )
    yield (
        f"{CONCURRENCY} invocations of {FUNCTIONS} functions: {api['running']} running together, "
        f"{api['errors']} errors, the last began after {api['late']:.1f} s, {api['memory']:.0f} MB each"
    )


def _verdict(name: str, value: float, limit: float, unit: str) -> str:
    return f"{name}: {value:.2f}{unit} (<= {limit:g}{unit}) {'met' if value <= limit else 'MISSED'}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # the contexts have ended everything that was started
        sys.exit(130)
