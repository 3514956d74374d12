"""Terraform, run through python-terraform such that signals and closed pipes cannot damage the state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import python_terraform

from vpcache.errors import InterruptedRunError, VpcacheError
from vpcache.terraform.diagnostics import message
from vpcache.terraform.provider.attached import PROVIDER_ADDRESSES, attached_provider
from vpcache.terraform.signals import Forwarding

Event = Mapping[str, Any]

PROVIDER = Path("registry.terraform.io/hashicorp/aws")
_POLL_SECONDS = 0.1
_CHECK_SECONDS = 1.0


class TerraformError(VpcacheError):
    """Terraform exited with an unexpected code. The message has the command, the reason and the log file."""


class TerraformKilledError(TerraformError):
    """An unhandled signal killed Terraform. Its state may lack resources that it was creating."""


class Terraform(python_terraform.Terraform):  # type: ignore[misc]  # it is untyped
    """python-terraform with a subprocess that survives the death of this process.

    Output is written to files, as a pipe would kill Terraform with SIGPIPE when Python dies. Input is empty.
    The subprocess has its own session. SIGINT, SIGTERM and SIGHUP are forwarded as SIGINT: Terraform then
    finishes the current resource, writes its state and releases its lock. `check_target` is called every
    second while the subprocess runs. If it raises, the subprocess is killed: its target and state are gone.
    """

    def __init__(
        self,
        working_dir: Path,
        *,
        executable: Path,
        environment: Mapping[str, str],
        log_dir: Path,
        check_target: Callable[[], None] = lambda: None,
    ) -> None:
        self.environment = dict(environment)
        self._check_target = check_target
        self.log_dir = log_dir
        log_dir.mkdir(parents=True, exist_ok=True)
        super().__init__(working_dir=str(working_dir), terraform_bin_path=str(executable))

    def __getattr__(self, item: str) -> Any:
        # the base class turns every unknown name into a Terraform command, even misspelt ones
        raise AttributeError(item)

    def read_state_file(self, file_path: str | None = None) -> None:
        """Do nothing: the state is in the backend, and is read with `output` and `show`."""

    @contextmanager
    def attached_provider(self) -> Iterator[None]:
        """Use one provider process for the commands in the `with` block, which must change nothing."""
        before = self.environment
        if PROVIDER_ADDRESSES in before:
            yield
            return
        data_dir = Path(before["TF_DATA_DIR"])
        try:
            with attached_provider(Path(self.working_dir), data_dir, before) as self.environment:
                yield
        finally:
            self.environment = before

    def cmd(
        self,
        cmd: str,
        *args: str,
        expected: Sequence[int] = (0,),
        on_event: Callable[[Event], None] | None = None,
        lock_fd: int | None = None,
        **options: Any,
    ) -> tuple[int, str, str]:
        """Run one command and return its exit code, stdout and stderr.

        `on_event` receives each event of a `-json` command. The subprocess inherits `lock_fd`, so a lock on
        it lasts until both processes have ended. Raises TerraformError if the exit code is not one of
        `expected`, InterruptedRunError after a signal.
        """
        command = self.generate_cmd_string(cmd, *args, **options)
        log = self.log_dir / f"{cmd.replace(' ', '-')}.log"
        errors = log.with_suffix(".err")
        with Forwarding() as signals, _new_file(log) as (out, lines), _new_file(errors) as (err, problems):
            process = subprocess.Popen(
                command,
                cwd=self.working_dir,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=() if lock_fd is None else (lock_fd,),
            )
            signals.forward_to(process)
            for line in _lines_until_exit(process, lines, self._check_target):
                if on_event is not None:
                    _emit(line, on_event)
            output, error_output = _contents(lines), _contents(problems)
        if process.returncode < 0:
            _kill_session(process.pid)
        self.temp_var_files.clean_up()
        if signals.received:
            raise InterruptedRunError(
                f"terraform {cmd} was interrupted by {signals.received[0].name}; the state is complete and "
                "unlocked: apply or destroy again to continue"
            )
        if process.returncode < 0:
            raise TerraformKilledError(
                f"terraform {cmd} was killed by {signal.Signals(-process.returncode).name}: apply or destroy "
                "again to continue"
            )
        if process.returncode not in expected:
            reason = _reason(output, error_output, Path(self.working_dir))
            raise TerraformError(f"terraform {cmd} failed: {reason} (full log: {log})")
        return process.returncode, output, error_output


def plugin_dir(environ: Mapping[str, str]) -> Path | None:
    """Return a folder with the AWS provider, so that `init` needs no network; None if there is none.

    The candidates are $TF_PLUGIN_MIRROR, Terraform's default mirror folders, and the folders in /opt.
    """
    home = Path(environ.get("HOME") or "/")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    candidates = [
        *([Path(environ["TF_PLUGIN_MIRROR"])] if environ.get("TF_PLUGIN_MIRROR") else []),
        home / ".terraform.d/plugins",
        data / "terraform/plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *sorted(Path("/opt").glob("*")),
    ]
    return next((folder for folder in candidates if (folder / PROVIDER).is_dir()), None)


@contextmanager
def _new_file(path: Path) -> Iterator[tuple[BinaryIO, TextIO]]:
    """Yield a writer and a reader of a new file at `path`.

    An earlier file stays with the command that writes it, which may still run in another process.
    """
    new = path.with_name(f".{path.name}.{uuid.uuid4()}")
    with new.open("wb") as writer, new.open(errors="replace") as reader:
        new.replace(path)
        yield writer, reader


def _lines_until_exit(
    process: subprocess.Popen[bytes], output: TextIO, check_target: Callable[[], None]
) -> Iterator[str]:
    part, is_running, checked = "", True, time.monotonic()
    while is_running:
        try:
            process.wait(_POLL_SECONDS)
            is_running = False
        except subprocess.TimeoutExpired:
            if time.monotonic() > checked + _CHECK_SECONDS:
                checked = time.monotonic()
                _check(process, check_target)
        *lines, part = (part + output.read()).split("\n")
        yield from lines


def _check(process: subprocess.Popen[bytes], check_target: Callable[[], None]) -> None:
    try:
        check_target()
    except VpcacheError:
        _kill_session(process.pid)
        process.wait()
        raise


def _contents(file: TextIO) -> str:
    file.seek(0)
    return file.read()


def _kill_session(leader: int) -> None:
    """Kill the providers of a Terraform process that was killed itself."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _emit(line: str, on_event: Callable[[Event], None]) -> None:
    try:
        event = json.loads(line)
    except ValueError:
        return  # not an event: output of a plugin
    if isinstance(event, dict):
        on_event(event)


def _reason(output: str, error_output: str, folder: Path) -> str:
    """Return the first error in one line, from `-json` events or from Terraform's human-readable text."""
    errors = []
    for line in output.splitlines():
        with suppress(ValueError, AttributeError):
            diagnostic = json.loads(line).get("diagnostic") or {}
            errors += [message(diagnostic, folder)] if diagnostic.get("severity") == "error" else []
    if errors:
        others = len(errors) - 1
        return errors[0] + (f"; and {others} more error{'s' if others > 1 else ''}" if others else "")
    lines = [line.strip("│╷╵ ") for line in error_output.splitlines()]
    first = next((number for number, line in enumerate(lines) if line.startswith("Error: ")), 0)
    return " ".join(" ".join(lines[first:]).split())[:600] or "it printed nothing"
