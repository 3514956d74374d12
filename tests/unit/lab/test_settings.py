"""LabSettings of a lab, as text and as values."""

from __future__ import annotations

import pytest

from vpcache.lab.errors import LabError
from vpcache.lab.settings import LabSettings, parse_settings


def test_parse_settings_returns_values() -> None:
    lines = ["elastic_ips=20", " interface_linger_seconds = 0 "]
    assert parse_settings(lines) == {"elastic_ips": 20, "interface_linger_seconds": 0}
    assert parse_settings(["iam=enforce"]) == {"iam": "enforce"}
    assert parse_settings([]) == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("elastic_ips", "invalid setting 'elastic_ips': write name=value"),
        ("elastic_ips=many", "setting elastic_ips is 'many': must be a whole number"),
        ("elastic_ips=-1", "setting elastic_ips is '-1': must be a whole number of at least 1"),
        ("elastic_ips=", "setting elastic_ips is '': must be a whole number"),
        ("elastic_ips=²", "setting elastic_ips is '²': must be a whole number"),
        ("elastic_ips=0", "setting elastic_ips is 0: must be a whole number from 1 to 2147483647"),
        ("iam=on", "setting iam is 'on': must be off or enforce"),
        ("elastic_ip=2", "unknown setting 'elastic_ip'; choose from nat_idle_seconds, elastic_ips"),
    ],
)
def test_invalid_setting_is_rejected_with_its_name(line: str, message: str) -> None:
    with pytest.raises(LabError) as error:
        parse_settings([line])
    assert message in str(error.value)


def test_delays_may_be_zero_and_quotas_may_not() -> None:
    assert LabSettings().changed({"interface_linger_seconds": 0, "iam_lag_ms": 0}).iam_lag_ms == 0
    with pytest.raises(LabError, match="vpcs is 0"):
        LabSettings().changed({"vpcs": 0})
