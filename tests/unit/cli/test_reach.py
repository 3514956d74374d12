"""The task `reach` for files: its exit statuses, its errors, and the files that it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.terraform_documents import cache, function, group, network, plan, state
from tests.support.terraform_plans import configured, created, module
from tests.support.terraform_plans import plan as terraform_plan
from tests.unit.reach.test_terraform_network import ALL_OUT, rule
from vpcache.cli.program import TaskProgram
from vpcache.cli.tasks import user_tasks

Run = Callable[..., tuple[int, str, str]]


def shop(*more: dict[str, object], **source: object) -> list[dict[str, object]]:
    allowed = rule(11211, **(source or {"security_groups": ["security_group.api"]}))
    return [
        *network(2),
        group("api", egress=[ALL_OUT]),
        group("cache", ingress=[allowed]),
        function("api", 2),
        *cache("cache", ["eu-west-3a", "eu-west-3b"]),
        *more,
    ]


@pytest.fixture
def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `reach` in a folder with a state and a plan; returns status, stdout and stderr."""
    (tmp_path / "state.json").write_text(json.dumps(state(*shop(group("none")))))
    (tmp_path / "open.json").write_text(json.dumps(plan(*shop(cidr_blocks=["0.0.0.0/0"]))))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        tasks = deepcopy(user_tasks(tmp_path))  # Invoke removes the help of the options that it parses
        program = TaskProgram(name="vpcache", binary="vpcache", namespace=tasks, version="0")
        status = 0
        try:
            program.run(["vpcache", "reach", *words])
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_flow_that_does_not_pass_is_an_answer_and_no_error(reach: Run) -> None:
    status, output, _ = reach("--from-plan", "state.json", "--from", "internet", "--to", "cache:11211")
    assert status == 0
    assert output.startswith("tcp 11211 from internet to cache/0001: does not pass\n")


def test_plan_is_compared_with_a_state(reach: Run) -> None:
    status, output, _ = reach("--from-plan", "open.json", "--against", "state.json")
    assert status == 0
    assert output.startswith("warning: security_group.cache")
    assert "no flow and no egress address changes" in output  # only members of the group api can send


def test_plan_without_a_state_before_it_is_shown_as_a_table(reach: Run) -> None:
    _, output, _ = reach("--from-plan", "open.json")
    assert "shop-api  cache/0001, 0002  tcp 11211" in output


def test_plan_with_open_local_values_names_the_option_that_decides_them(reach: Run, tmp_path: Path) -> None:
    subnets = [created(f"aws_subnet.a[{n}]", "vpc_id", cidr_block=f"10.9.{n}.0/24") for n in range(2)]
    interface = created("aws_network_interface.a", "subnet_id", tags={"Name": "a"})
    root = module(
        configured("aws_subnet.a"), configured("aws_network_interface.a", subnet_id=("local.subnet",))
    )
    (tmp_path / "locals.json").write_text(json.dumps(terraform_plan(root, interface, *subnets)))
    status, output, error = reach("--from-plan", "locals.json")
    assert status == 0
    assert "not decided: aws_network_interface.a: subnet_id is known after the apply" in output
    assert "`vpcache reach --plan --env ROOT_MODULE` lets Terraform evaluate them" in error


def test_policy_that_holds_has_status_zero(reach: Run, tmp_path: Path) -> None:
    (tmp_path / "reach.policy").write_text("never: internet -> cache\n")
    status, output, _ = reach("--from-plan", "state.json", "--policy", "reach.policy")
    assert (status, output.splitlines()[0]) == (0, "reach.policy: 1 of 1 assertions hold")


def test_violated_policy_has_status_one(reach: Run, tmp_path: Path) -> None:
    (tmp_path / "reach.policy").write_text("never: api -> cache\n")
    status, output, error = reach("--from-plan", "state.json", "--policy", "reach.policy")
    assert status == 1
    assert output.startswith("violated: reach.policy:1: never: api -> cache: tcp 11211 passes from ")
    assert error == "error: reach.policy: 1 of 1 assertions do not hold\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("state.json", "--from", "nobody", "--to", "cache:1"), "nothing in this network is called 'nobody'"),
        (("state.json", "--to", "cache:70000"), "'cache:70000': port 70000 is above 65535"),
        (("state.json", "--to", "cache:1/gre"), "'cache:1/gre': unknown protocol gre; choose from tcp, udp"),
        (("state.json", "--from", "security_group.none", "--to", "cache:1"), "security_group.none has no"),
        (("nothing.json",), "cannot read --from-plan nothing.json: No such file or directory"),
        (("state.json", "--against", "nothing.json"), "cannot read --against nothing.json"),
        (("text",), "text is not JSON"),
        (("other.json",), "this JSON is neither a state nor a plan"),
        (("version.json",), "the plan or state has format version 2.0, and 1.x is known"),
        (("failed.json",), "this plan is incomplete, as Terraform failed"),
        (("state.json", "--policy", "typo.policy"), "typo.policy:2:1: cannot read 'sometimes: a -> b'"),
        (("state.json", "--policy", "other.policy"), "other.policy:1:8: nothing in this network is called"),
        (("state.json", "--markdown", "no/such/folder.md"), "cannot write no/such/folder.md"),
    ],
)
def test_invalid_input_has_status_two_and_one_line(
    reach: Run, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "text").write_text("Plan: 3 to add")
    (tmp_path / "other.json").write_text('{"users": []}')
    (tmp_path / "version.json").write_text('{"format_version": "2.0", "values": {}}')
    (tmp_path / "failed.json").write_text(
        '{"format_version": "1.2", "errored": true, "resource_changes": []}'
    )
    (tmp_path / "typo.policy").write_text("never: internet -> cache\nsometimes: a -> b\n")
    (tmp_path / "other.policy").write_text("never: database -> cache\n")
    status, _, error = reach("--from-plan", *words)
    assert status == 2
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1


def test_files_have_the_report_as_markdown_and_sarif(reach: Run, tmp_path: Path) -> None:
    reach("--from-plan", "open.json", "--markdown", "reach.md", "--sarif", "reach.sarif")
    assert (tmp_path / "reach.md").read_text().startswith("### Reachability of open.json\n")
    (run,) = json.loads((tmp_path / "reach.sarif").read_text())["runs"]
    assert [each["ruleId"] for each in run["results"]] == ["open-to-any-address"]


def test_json_is_one_document(reach: Run) -> None:
    _, output, _ = reach("--from-plan", "state.json", "--json")
    assert json.loads(output)["reachable"][0] == {
        "from": "shop-api",
        "to": ["cache/0001", "cache/0002"],
        "traffic": "tcp 11211",
    }
