import os
import signal
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.served.functions import eventually
from tests.support.terraform.stand_in import stand_in
from vpcache.lab.errors import LabEndedError
from vpcache.stack.target import lab_target
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.runner import Event, Terraform, TerraformError, plugin_dir


def driver(folder: Path, body: str) -> Terraform:
    return Terraform(
        folder, executable=stand_in(folder, body), environment=os.environ, log_dir=folder / "logs"
    )


def test_events_arrive_in_order_without_stray_lines(tmp_path):
    events: list[Event] = []
    terraform = driver(tmp_path, """echo '{"type": "a"}'; echo stray; echo '{"type": "b"}'""")
    terraform.cmd("apply", on_event=events.append)
    assert [event["type"] for event in events] == ["a", "b"]


def test_failure_names_the_first_error_and_its_address(tmp_path):
    diagnostic = (
        '{"diagnostic": {"severity": "error", "summary": "No", "detail": "Not here", "address": "aws_vpc.x"}}'
    )
    terraform = driver(tmp_path, f"echo '{diagnostic}'; exit 1")
    with pytest.raises(TerraformError, match=r"terraform apply failed: No: Not here \(aws_vpc\.x\)"):
        terraform.cmd("apply")


def test_unknown_attribute_is_not_a_command(tmp_path):
    with pytest.raises(AttributeError):
        _ = driver(tmp_path, "exit 0").aply


def test_terraform_is_killed_when_its_target_has_ended(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        lab = lab_target(f"http://127.0.0.1:{server.getsockname()[1]}", {})
        lab.check_running()
    terraform = Terraform(
        tmp_path,
        executable=stand_in(tmp_path, "trap '' INT\nwhile :; do sleep 0.05; done"),
        environment=os.environ,
        log_dir=tmp_path / "logs",
        check_target=lab.check_running,
    )
    with pytest.raises(LabEndedError, match=r"ended during the command, .* apply` starts a new lab"):
        terraform.cmd("apply")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_is_forwarded_once_as_sigint(tmp_path, number):
    stand_in(tmp_path, "trap 'echo whole > state; exit 0' INT\necho ready\nwhile :; do sleep 0.05; done")
    script = tmp_path / "drive.py"
    script.write_text(
        textwrap.dedent(f"""
        import os
        from pathlib import Path
        from vpcache.errors import InterruptedRunError
        from vpcache.terraform.runner import Terraform
        here = Path({str(tmp_path)!r})
        program = here / "terraform"
        terraform = Terraform(here, executable=program, environment=os.environ, log_dir=here / "logs")
        try:
            terraform.cmd("apply")
        except InterruptedRunError as error:
            print(error)
        """)
    )
    log = tmp_path / "logs" / "apply.log"
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        while not (log.exists() and "ready" in log.read_text()):
            assert process.poll() is None
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    assert f"interrupted by {signal.Signals(number).name}" in output
    assert (tmp_path / "state").read_text() == "whole\n"


def test_provider_mirror_variable_is_used(tmp_path):
    assert plugin_dir({"TF_PLUGIN_MIRROR": str(tmp_path), "HOME": str(tmp_path)}) != tmp_path
    (tmp_path / "registry.terraform.io/hashicorp/aws").mkdir(parents=True)
    assert plugin_dir({"TF_PLUGIN_MIRROR": str(tmp_path), "HOME": "/nonexistent"}) == tmp_path


def test_missing_cli_configuration_file_is_ignored(tmp_path):
    environ = {"TF_CLI_CONFIG_FILE": str(tmp_path / "missing"), "HOME": "/h"}
    environment = terraform_environment(environ, tmp_path)
    assert environment["TF_DATA_DIR"] == str(tmp_path)
    assert "TF_CLI_CONFIG_FILE" not in environment


def test_failure_without_events_starts_at_the_error(tmp_path):
    body = """
        printf '2026-11-25T10:00:00Z [DEBUG] using provider\\n' >&2
        printf '╷\\n│ Error: Unsupported version\\n│ \\n│ No release fits.\\n╵\\n' >&2
        exit 1
    """
    with pytest.raises(
        TerraformError, match=r"terraform init failed: Error: Unsupported version No release fits"
    ):
        driver(tmp_path, body).cmd("init")


def test_concurrent_commands_of_a_stack_keep_their_own_output(tmp_path):
    program = stand_in(
        tmp_path, """echo "$NAME"; touch "$NAME.started"; until [ -e "$NAME.go" ]; do sleep 0.01; done"""
    )
    names = ("first", "second")
    with ThreadPoolExecutor(len(names)) as workers:
        runs = []
        for name in names:
            environment = {**os.environ, "NAME": name}
            terraform = Terraform(
                tmp_path, executable=program, environment=environment, log_dir=tmp_path / "logs"
            )
            runs.append(workers.submit(terraform.cmd, "output"))
            eventually((tmp_path / f"{name}.started").exists)
        for name in names:
            (tmp_path / f"{name}.go").touch()
        assert [run.result()[1] for run in runs] == ["first\n", "second\n"]
    assert (tmp_path / "logs/output.log").read_text() == "second\n"  # the last one to start
