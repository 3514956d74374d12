"""The Terraform executable: the one on PATH, else a pinned release, downloaded with the user's consent.

`./inv` offers the download before every task that needs Terraform, so this module imports only the standard
library until a download starts.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vpcache.errors import VpcacheError
from vpcache.prompt import is_yes

MINIMUM_VERSION = (1, 11)
SERVER = "https://releases.hashicorp.com"
_MINIMUM = ".".join(map(str, MINIMUM_VERSION))
_TIMEOUTS = (10, 60)  # seconds: of the connection; between two parts of a response
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Release:
    """A release of Terraform, and the SHA-256 of its zip for each platform."""

    version: str
    checksums: Mapping[str, str]


PINNED = Release(
    "1.11.4",
    {
        "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
        "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
        "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
        "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
    },
)
"""HashiCorp's Homebrew formula has the same checksums (hashicorp/homebrew-tap, Formula/terraform.rb).

The list of checksums beside a zip is from the server of the zip. It detects a damaged download, but not a zip
that the operator of a mirror replaced. These checksums are part of the source, and detect that as well.
"""


def find_terraform(environ: Mapping[str, str]) -> Path:
    """Return the Terraform on PATH or, if that is missing or too old, the downloaded one.

    Raises VpcacheError if neither exists.
    """
    try:
        return _on_path(environ)
    except VpcacheError as error:
        fetched = fetched_terraform(environ)
        if fetched.exists():
            return fetched
        download = "VPCACHE_DOWNLOAD_TERRAFORM=1 python -m vpcache.terraform.installation"
        raise VpcacheError(f"{error}, or download {PINNED.version} with `{download}`") from None


def fetched_terraform(environ: Mapping[str, str]) -> Path:
    """Return the path of the pinned release in the user's cache. It need not exist."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/"), ".cache"))
    return cache / "vpcache" / "terraform" / PINNED.version / "terraform"


def this_platform() -> str:
    """Return this machine's platform as HashiCorp names it, e.g. linux_amd64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def fetch(release: Release, target: Path, *, server: str = SERVER, on_platform: str = "") -> None:
    """Download a release to `target`, completely or not at all. `server` has the layout of HashiCorp's.

    Raises VpcacheError if the download fails or does not match its checksums.
    """
    system = on_platform or this_platform()
    if system not in release.checksums:
        raise VpcacheError(
            f"no checksum of Terraform {release.version} is known for {system}: "
            f"install {_MINIMUM} or newer manually"
        )
    folder = f"{server.rstrip('/')}/terraform/{release.version}"
    prefix = f"terraform_{release.version}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as scratch:
            listing = _download(folder, f"{prefix}_SHA256SUMS", Path(scratch))
            archive = _download(folder, f"{prefix}_{system}.zip", Path(scratch))
            _check(archive, listing.read_text(errors="replace"), release.checksums[system], folder)
            with zipfile.ZipFile(archive) as members:
                program = Path(members.extract("terraform", scratch))
            program.chmod(0o755)
            version_of(program, os.environ)  # check that it runs on this machine
            program.replace(target)
    except OSError as error:
        raise VpcacheError(f"cannot install Terraform at {target}: {error.strerror or error}") from error


def version_of(program: Path, environ: Mapping[str, str]) -> tuple[int, ...]:
    """Return the version of a Terraform executable as numbers. Raises VpcacheError if it prints none."""
    try:
        report = subprocess.run(
            [program, "version", "-json"],
            env={**_without_arguments(environ), "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            check=False,
        )
        version = str(json.loads(report.stdout)["terraform_version"])
        return tuple(int(part) for part in version.split("-")[0].split("."))
    except (OSError, ValueError, KeyError) as error:
        raise VpcacheError(
            f"{program} does not print its version: install Terraform {_MINIMUM} or newer"
        ) from error


def _without_arguments(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without Terraform's variables, which would change the effect of `version`."""
    return {key: value for key, value in environ.items() if not key.startswith("TF_")}


def _on_path(environ: Mapping[str, str]) -> Path:
    path = shutil.which("terraform", path=environ.get("PATH"))
    if path is None:
        raise VpcacheError(
            f"terraform is not on PATH: install Terraform {_MINIMUM} or newer "
            "(https://developer.hashicorp.com/terraform/install)"
        )
    version = version_of(Path(path), environ)
    if version < MINIMUM_VERSION:
        raise VpcacheError(f"{path} is Terraform {'.'.join(map(str, version))}: install {_MINIMUM} or newer")
    return Path(path)


def _check(archive: Path, listing: str, pinned: str, folder: str) -> None:
    """Raise VpcacheError unless the archive matches the server's list and the pinned checksum."""
    entries = (line.split() for line in listing.splitlines())
    listed = next((words[0] for words in entries if words[1:] == [archive.name]), "none")
    actual = hashlib.sha256(archive.read_bytes()).hexdigest()
    for checksum, source in ((listed, "its server lists"), (pinned, "HashiCorp published")):
        if actual != checksum:
            raise VpcacheError(
                f"{folder}/{archive.name} has SHA-256 {actual}, but {source} {checksum}: the download was "
                "deleted; try again, or set another server with VPCACHE_TERRAFORM_SERVER"
            )


def _download(source: str, name: str, folder: Path) -> Path:
    """Download the file `name` to a folder and return its path. Raises VpcacheError on failure."""
    import requests

    url, path = f"{source}/{name}", folder / name
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUTS) as response:
            if response.status_code != requests.codes.ok:
                raise VpcacheError(
                    f"{url} returned {response.status_code} {response.reason}: check VPCACHE_TERRAFORM_SERVER"
                )
            with path.open("wb") as file:
                for part in response.iter_content(1 << 16):
                    file.write(part)
    except requests.RequestException as error:
        raise VpcacheError(
            f"cannot download {url}: {_cause(error)}; try again, or set VPCACHE_TERRAFORM_SERVER to another "
            "server, or HTTPS_PROXY to a proxy"
        ) from error
    return path


def _cause(error: BaseException) -> BaseException:
    """Return the first error of a chain, which is the operating system's error and the shortest."""
    return _cause(error.__context__) if error.__context__ else error


def _is_confirmed(environ: Mapping[str, str], reason: str, server: str, target: Path) -> bool:
    """Return whether the user wants the download, from the environment variable or from a prompt."""
    value = environ.get("VPCACHE_DOWNLOAD_TERRAFORM", "")
    if value not in ("", "0", "1"):
        raise VpcacheError(
            f"VPCACHE_DOWNLOAD_TERRAFORM is '{value}': set 1 to download Terraform, 0 to disable the question"
        )
    if value or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return value == "1"
    question = f"download {PINNED.version} from {server} to {target.parent}"
    return is_yes(f"inv: {reason}\ninv: {question}", sys.stderr)


def main(environ: Mapping[str, str]) -> None:
    """Offer to download the pinned release if Terraform is missing.

    If the user declines, tasks that need Terraform fail later.
    """
    try:
        find_terraform(environ)
        return
    except VpcacheError as error:
        reason = str(error)
    server, target = environ.get("VPCACHE_TERRAFORM_SERVER") or SERVER, fetched_terraform(environ)
    if _is_confirmed(environ, reason, server, target):
        print(f"inv: downloading Terraform {PINNED.version} from {server}", file=sys.stderr)
        fetch(PINNED, target, server=server)
        print(f"inv: installed Terraform {PINNED.version} at {target}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main(os.environ)
    except VpcacheError as error:
        sys.exit(f"inv: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
