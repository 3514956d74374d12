"""Commands that enter a running lab's namespaces from the host, for inspection."""

from __future__ import annotations

from pathlib import Path

from vpcache.lab.network.naming import CA_FILE
from vpcache.lab.network.netns import NAMED


def nsenter_command(pid: int, namespace: str | None = None) -> list[str]:
    """Return a command prefix that runs a command inside the lab whose first process is `pid`.

    The command runs in the network namespace `namespace`, or in the lab's own, which has no links. Only the
    user who started the lab may run it.
    """
    is_other_user = Path("/proc/self/ns/user").readlink() != Path(f"/proc/{pid}/ns/user").readlink()
    user = ["--user", "--preserve-credentials"] if is_other_user else []
    lab = ["nsenter", "--target", str(pid), *user, "--mount", "--net", "--pid"]
    return [*lab, "nsenter", f"--net={Path(NAMED, namespace)}"] if namespace else lab


def with_resolver(resolver: str, command: list[str]) -> list[str]:
    """Return a command that runs `command` with a VPC's DNS resolver and trust in the lab's certificates.

    Without a resolver, as on the internet, names resolve as on the host.
    """
    variables = [f"{name}={CA_FILE}" for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")]
    trusting = ["env", *variables, *command]
    if not resolver:
        return trusting
    script = 'echo "nameserver $0" >/run/resolv.$$; mount --bind /run/resolv.$$ /etc/resolv.conf; exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, resolver, *trusting]
