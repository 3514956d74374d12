"""The script ./inv with an installed virtual environment."""

import re
import subprocess

import pytest

from tests.support.clean_machine import CleanMachine, installed_inv, put
from tests.support.paths import ROOT
from vpcache.terraform.installation import PINNED, fetched_terraform
from vpcache.testing.run import free_port

pytestmark = pytest.mark.skipif(not installed_inv(), reason="./inv would install .venv first, for a minute")


@pytest.fixture
def bare(tmp_path):
    return CleanMachine(tmp_path)


def test_inv_uses_what_bash_3_2_has():
    script = (ROOT / "inv").read_text()
    later = (
        r"declare -A|local -n|mapfile|readarray|coproc|&>>|\|&|;&|\$\{\w+(\^|,|@)|\[\[ -v|wait -n|printf -v"
    )
    assert re.findall(later, script) == []
    assert re.findall(r"\$\{(\w+)\[@\]\}", script) == []  # bash before 4.4: an empty array is unset
    assert "sed -r" not in script and "sed -i" not in script and "readlink -f" not in script  # GNU only


def test_failed_download_of_terraform_stops_a_task_that_needs_it(bare):
    server = f"http://127.0.0.1:{free_port()}"
    done = bare.run(
        [str(ROOT / "inv"), "cost", "--env", "dev"],
        VPCACHE_DOWNLOAD_TERRAFORM="1",
        VPCACHE_TERRAFORM_SERVER=server,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Connection refused" in done.stderr


@pytest.mark.parametrize("words", [["--list"], ["apply", "--help"], ["lab.status"]], ids=" ".join)
def test_other_tasks_do_not_download_terraform(bare, words):
    server = f"http://127.0.0.1:{free_port()}"
    done = bare.run(
        [str(ROOT / "inv"), *words], VPCACHE_DOWNLOAD_TERRAFORM="1", VPCACHE_TERRAFORM_SERVER=server
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_inv_runs_with_downloaded_terraform_and_without(bare):
    missing = bare.run([str(ROOT / "inv"), "unlock", "--name", "Invalid"])
    put(fetched_terraform(bare.environment).parent, PINNED.version)
    downloaded = bare.run([str(ROOT / "inv"), "unlock", "--name", "Invalid"])
    assert missing.stderr == downloaded.stderr
    assert "Invalid" in downloaded.stderr


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (["app"], ["apply"]),
        (["lab.cl"], ["lab.clear"]),
        (["apply", "--e"], ["--env"]),
        (["verify", "--env", "dev", "--js"], ["--json"]),
    ],
    ids=" ".join,
)
def test_tab_completes_tasks_and_options(typed, completed):
    script = f"""
        source <(./inv --print-completion-script bash)
        COMP_WORDS=(./inv {" ".join(typed)})
        $(complete -p inv | sed -E 's/.*-F ([^ ]+).*/\\1/') ./inv {typed[-1]}
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (completed, "")


def test_tab_completion_installs_nothing(tmp_path):
    (tmp_path / "inv").write_text((ROOT / "inv").read_text())
    (tmp_path / "inv").chmod(0o755)
    done = subprocess.run(
        ["./inv", "--complete", "--", "./inv", "app"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["inv"]


@pytest.mark.parametrize("words", [["apply", "--help"], ["apply", "--env", "dev", "-h"], ["--help", "apply"]])
def test_help_of_a_task_is_shown_before_and_after_it(words):
    done = subprocess.run([ROOT / "inv", *words], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: inv[oke] [--core-opts] apply [--options]")
