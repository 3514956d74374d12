"""Which Terraform runs: the one on PATH, else the pinned release, which the user may let us fetch.

`./inv` runs this module before every task to offer that, so nothing beyond the standard library is imported
until something is fetched.
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

MINIMUM_VERSION = (1, 11)
SERVER = "https://releases.hashicorp.com"
_WANTED = ".".join(map(str, MINIMUM_VERSION))
_SECONDS = (10, 60)  # to connect; from one part of an answer to the next
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
"""Its checksums stand in HashiCorp's own Homebrew formula too (hashicorp/homebrew-tap, Formula/terraform.rb).

The list of checksums beside a zip comes from the zip's own server. It tells a broken or mixed-up copy, but
not what whoever runs a mirror did on purpose; these, which came with the source, tell that as well.
"""


def find_terraform(environ: Mapping[str, str]) -> Path:
    """Return the Terraform on PATH or, if that is missing or too old, the fetched one.

    Raises VpcacheError if there is neither.
    """
    try:
        return _on_path(environ)
    except VpcacheError as error:
        fetched = fetched_terraform(environ)
        if fetched.exists():
            return fetched
        fetch = "VPCACHE_DOWNLOAD_TERRAFORM=1 python -m vpcache.terraform.installation"
        raise VpcacheError(f"{error}; `{fetch}` fetches {PINNED.version}") from None


def fetched_terraform(environ: Mapping[str, str]) -> Path:
    """Return where the pinned release lies in the user's cache, be it there or not."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/"), ".cache"))
    return cache / "vpcache" / "terraform" / PINNED.version / "terraform"


def this_platform() -> str:
    """Return this machine's platform in HashiCorp's words, such as linux_amd64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def fetch(release: Release, target: Path, *, server: str = SERVER, on_platform: str = "") -> None:
    """Fetch a release from a server laid out as HashiCorp's into `target`: whole, or not at all.

    Raises VpcacheError if it cannot be had or is not what its checksums say.
    """
    system = on_platform or this_platform()
    if system not in release.checksums:
        raise VpcacheError(
            f"no checksum of Terraform {release.version} is known for {system}: "
            f"install {_WANTED} or newer by hand"
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
            version_of(program, os.environ)  # before it is in the way: does it run here?
            program.replace(target)
    except OSError as error:
        raise VpcacheError(f"cannot put Terraform at {target}: {error.strerror or error}") from error


def version_of(program: Path, environ: Mapping[str, str]) -> tuple[int, ...]:
    """Return a Terraform's version as numbers. Raises VpcacheError if it does not tell."""
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
            f"{program} does not tell its version; is it Terraform {_WANTED} or newer?"
        ) from error


def _without_arguments(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without Terraform's own variables, which would change what `version` does."""
    return {key: value for key, value in environ.items() if not key.startswith("TF_")}


def _on_path(environ: Mapping[str, str]) -> Path:
    found = shutil.which("terraform", path=environ.get("PATH"))
    if found is None:
        raise VpcacheError(
            f"terraform is not on PATH: install Terraform {_WANTED} or newer "
            "(https://developer.hashicorp.com/terraform/install)"
        )
    version = version_of(Path(found), environ)
    if version < MINIMUM_VERSION:
        raise VpcacheError(f"{found} is Terraform {'.'.join(map(str, version))}: install {_WANTED} or newer")
    return Path(found)


def _check(archive: Path, listing: str, pinned: str, folder: str) -> None:
    """Raise VpcacheError unless the archive is what the server's list and the pinned checksum say."""
    entries = (line.split() for line in listing.splitlines())
    listed = next((words[0] for words in entries if words[1:] == [archive.name]), "none")
    actual = hashlib.sha256(archive.read_bytes()).hexdigest()
    for checksum, whose in ((listed, "its server lists"), (pinned, "HashiCorp published")):
        if actual != checksum:
            raise VpcacheError(
                f"{folder}/{archive.name} has SHA-256 {actual}, but {whose} {checksum}: it was thrown away; "
                "try again, or name another server by VPCACHE_TERRAFORM_SERVER"
            )


def _download(source: str, name: str, folder: Path) -> Path:
    """Put the file `name` into a folder and return it. Raises VpcacheError if it does not come whole."""
    import requests

    url, path = f"{source}/{name}", folder / name
    try:
        with requests.get(url, stream=True, timeout=_SECONDS) as answer:
            if answer.status_code != requests.codes.ok:
                raise VpcacheError(
                    f"{url} answers {answer.status_code} {answer.reason}: is VPCACHE_TERRAFORM_SERVER right?"
                )
            with path.open("wb") as file:
                for part in answer.iter_content(1 << 16):
                    file.write(part)
    except requests.RequestException as error:
        raise VpcacheError(
            f"{url} does not come: {_cause(error)}; try again, or name a server by VPCACHE_TERRAFORM_SERVER, "
            "a proxy by HTTPS_PROXY"
        ) from error
    return path


def _cause(error: BaseException) -> BaseException:
    """Return the first error of a chain, which is the operating system's and the shortest."""
    return _cause(error.__context__) if error.__context__ else error


def _agreed(environ: Mapping[str, str], why: str, server: str, target: Path) -> bool:
    """Return whether the user wants a release fetched: by variable, or asked on a terminal."""
    answer = environ.get("VPCACHE_DOWNLOAD_TERRAFORM", "")
    if answer not in ("", "0", "1"):
        raise VpcacheError(
            f"VPCACHE_DOWNLOAD_TERRAFORM is '{answer}': write 1 to fetch Terraform, 0 not to be asked"
        )
    if answer or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return answer == "1"
    question = f"fetch {PINNED.version} from {server} into {target.parent}. Type yes: "
    print(f"inv: {why}\ninv: {question}", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == "yes"


def main(environ: Mapping[str, str]) -> None:
    """Offer to fetch the pinned release if there is no Terraform; who declines is told by what needs one."""
    try:
        find_terraform(environ)
        return
    except VpcacheError as error:
        why = str(error)
    server, target = environ.get("VPCACHE_TERRAFORM_SERVER") or SERVER, fetched_terraform(environ)
    if _agreed(environ, why, server, target):
        print(f"inv: fetching Terraform {PINNED.version} from {server}", file=sys.stderr)
        fetch(PINNED, target, server=server)
        print(f"inv: Terraform {PINNED.version} is in {target}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main(os.environ)
    except VpcacheError as error:
        sys.exit(f"inv: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
