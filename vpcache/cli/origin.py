"""The command for origins: HTTPS hosts that a user adds to the lab's internet."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from vpcache.cli.console import parse_number, user_errors
from vpcache.cli.lab import running_lab
from vpcache.errors import VpcacheError
from vpcache.lab.origins import MAX_DELAY, Origin

_PROXY = re.compile(r"(?:127\.0\.0\.1|localhost):([0-9]{1,5})")


@dataclass(frozen=True)
class Choice:
    """The options of the command as they were typed; an empty one was not given."""

    name: str
    serve: str = ""
    proxy: str = ""
    status: str = ""
    delay: str = ""
    remove: bool = False


@user_errors
def change(choice: Choice) -> None:
    """Add, replace or remove an origin."""
    _check(choice)
    if choice.remove:
        running_lab().remove_origin(choice.name)
        print(f"https://{choice.name} was removed")
    else:
        origin = _origin(choice)
        served = running_lab().serve_origin(
            origin.name, folder=origin.folder, port=origin.port, status=origin.status, delay=origin.delay
        )
        print(served.label)


@user_errors
def show(*, as_json: bool) -> None:
    """Print the origins and their newest requests."""
    lab = running_lab(reads=True)
    origins, requests = lab.origins(), lab.origin_requests()
    if as_json:
        print(json.dumps({"origins": list(map(asdict, origins)), "requests": list(map(asdict, requests))}))
        return
    print(*[each.label for each in origins] or ["no origins were added"], sep="\n")
    for request in requests:
        time = datetime.fromtimestamp(request.time, UTC).strftime("%H:%M:%S")
        url = f"https://{request.origin}{request.target}"
        print(f"{time} {request.caller} {request.method} {url} {request.status}")


def _check(choice: Choice) -> None:
    options = {
        "--serve": choice.serve,
        "--proxy": choice.proxy,
        "--status": choice.status,
        "--remove": choice.remove,
    }
    given = [option for option, value in options.items() if value]
    if not given:
        raise VpcacheError("use one of --serve DIR, --proxy 127.0.0.1:PORT, --status NUMBER and --remove")
    if len(given) > 1:
        raise VpcacheError(f"{' and '.join(given)} exclude each other: use one of them")
    if choice.delay and choice.remove:
        raise VpcacheError("--delay and --remove exclude each other: use one of them")


def _origin(choice: Choice) -> Origin:
    """Return the chosen origin. Raises VpcacheError that names the invalid option."""
    folder = Path(choice.serve).absolute() if choice.serve else None
    if folder and not folder.is_dir():
        raise VpcacheError(f"--serve is '{choice.serve}': must be an existing folder")
    proxy = _PROXY.fullmatch(choice.proxy)
    if choice.proxy and not (proxy and 0 < int(proxy[1]) < 65536):
        raise VpcacheError(f"--proxy is '{choice.proxy}': must be 127.0.0.1:PORT")
    if choice.status and not re.fullmatch("[2-5][0-9]{2}", choice.status):
        raise VpcacheError(f"--status is '{choice.status}': must be a number from 200 to 599")
    return Origin.create(
        choice.name,
        folder=str(folder) if folder else None,
        port=int(proxy[1]) if proxy else None,
        status=int(choice.status) if choice.status else None,
        delay=parse_number(choice.delay or "0", "--delay", at_most=MAX_DELAY),
    )
