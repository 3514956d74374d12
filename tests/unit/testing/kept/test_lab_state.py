"""The restore of a kept stack's lab to what a new lab has."""

from dataclasses import asdict
from typing import cast

import pytest

from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.origins import Origin
from vpcache.lab.settings import LabSettings
from vpcache.stack.state import StateLocation
from vpcache.stack.target import Target
from vpcache.testing.kept import lab_state


class LabDouble:
    """Records the calls that change a lab with a cluster of two nodes."""

    def __init__(self, faults=(), origins=(), settings=None):
        self._faults, self._origins = faults, origins
        self._settings = settings or LabSettings()
        self.changes = []

    def faults(self):
        return self._faults

    def origins(self):
        return self._origins

    def settings(self):
        return self._settings

    def ask(self, method, resource):
        assert (method, resource) == ("GET", "places")
        names = ("internet", "vpc-1", "sessions/0001", "sessions/0002", "eni-1")
        return [{"name": name, "region": "eu-west-1"} for name in names]

    def clear_faults(self):
        self.changes.append("faults")

    def remove_origin(self, name):
        self.changes.append(name)

    def configure(self, **values):
        self.changes.append(values)

    def fault(self, kind, target, mode):
        assert (kind, mode) == (FaultKind.CACHE_NODE, Mode.RESTARTED)
        self.changes.append(target)


NODES = ["eu-west-1/sessions/0001", "eu-west-1/sessions/0002"]


@pytest.fixture
def restore(monkeypatch):
    """Restore a lab double; return its changes and the lines of the notice."""
    monkeypatch.setattr(lab_state, "restore_interrupted_drill", lambda *_: None)

    def restored(lab, **settings):
        lines: list[str] = []
        lab_state.restore(lab, cast(Target, None), cast(StateLocation, None), settings, lines.append)
        return lab.changes, lines

    return restored


def test_caches_are_emptied(restore):
    assert restore(LabDouble()) == (NODES, [])


def test_faults_are_removed_with_one_line(restore):
    fault = Fault.create("origin", "api.example.com", "down")
    changes, lines = restore(LabDouble(faults=(fault,)))
    assert changes == ["faults", *NODES]
    assert lines == [f"removed 1 fault of an earlier run: {fault.label}"]


def test_origins_and_settings_are_those_of_a_new_lab(restore):
    lab = LabDouble(origins=(Origin("api.example.com", status=503),), settings=LabSettings(vpcs=9))
    changes, _ = restore(lab, elastic_ips=20)
    assert changes == ["api.example.com", asdict(LabSettings(elastic_ips=20)), *NODES]
