"""`python -m vpcache.lab.packets.inside`: make attempts inside the lab, and print their outcomes.

Reads one line of JSON from standard input: the internet's hosts and the attempts. Prints one line of JSON.
Ends early at a signal or at the end of its input, however its caller ended, and closes and removes all that
it made.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from ipaddress import ip_address

from vpcache.lab.errors import LabError
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.packets.attempts import Attempt
from vpcache.lab.packets.exchange import exchange
from vpcache.lab.packets.hosts import internet_hosts

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Make the attempts of the first line of standard input."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_wait_for_caller, daemon=True).start()
    namespaces = Namespaces()
    attempts = [Attempt.from_json(each) for each in request["attempts"]]
    try:
        with internet_hosts(namespaces, map(ip_address, request["hosts"])):
            outcomes = [each.as_json() for each in exchange(namespaces, attempts)]
    except LabError as error:
        sys.exit(str(error))
    print(json.dumps({"outcomes": outcomes}), flush=True)


def _stop(*_: object) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # nothing interrupts the removal
    sys.exit("interrupted")


def _wait_for_caller() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
