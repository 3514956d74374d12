"""A lab's state in a file, in another lab, and in a folder that outlives the lab."""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import kill_lab
from tests.support.network.vpc_factory import ZONES, VpcFactory
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError
from vpcache.lab.faults import FaultKind
from vpcache.lab.snapshots.file import SnapshotError
from vpcache.stack.target import lab_target
from vpcache.testing.run import PytestRun

Start = Callable[..., Lab]


@pytest.fixture
def start(tmp_path: Path, vpcache_run: PytestRun) -> Iterator[Start]:
    """Start another lab, with the options of `Lab.start`."""
    with ExitStack() as labs:

        def start(**options: Any) -> Lab:
            lab = labs.enter_context(vpcache_run.own_lab())
            lab.start(tmp_path / f"lab-{lab.port}.log", **options)
            return lab

        yield start


def client(lab: Lab, service: str) -> Any:
    return lab_target(lab.endpoint, {}).client(service)


def test_loaded_lab_passes_traffic_as_the_saved_one(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()
    first.configure(missing_runtime="host", transition_ms=20, nat_idle_seconds=77)
    factory = VpcFactory(first)
    factory.attach_internet_gateway()
    _, address, _ = factory.new_nat_gateway(ZONES[0])
    factory.new_cluster(1)
    function = factory.new_function("probe", ZONES[0])
    first.serve_origin("api.example.com", status=204)
    first.fault(FaultKind.CACHE_NODE, f"{factory.name}/0001", "hung")
    node = client(first, "elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)
    before = factory.invoke(function, url="http://checkip.amazonaws.com")

    size = first.save(tmp_path / "lab.snapshot")
    assert second.load(tmp_path / "lab.snapshot") == []

    assert size == (tmp_path / "lab.snapshot").stat().st_size
    assert second.differences() == []
    assert second.settings() == first.settings()
    assert second.origins() == first.origins()
    assert second.faults() == first.faults()
    loaded = client(second, "elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)
    assert loaded["CacheClusters"] == node["CacheClusters"]
    factory.lab = second
    factory.client = lambda service: client(second, service)  # type: ignore[assignment]
    after = factory.invoke(function, url="http://checkip.amazonaws.com")
    assert after == before
    assert address in str(after)


def test_transitions_continue_after_loading(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()
    first.configure(transition_ms=4000)
    factory = VpcFactory(first)
    elasticache = client(first, "elasticache")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="group", CacheSubnetGroupDescription="x", SubnetIds=[factory.private[ZONES[0]]]
    )
    elasticache.create_cache_cluster(
        CacheClusterId="pending",
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=1,
        CacheSubnetGroupName="group",
    )
    first.save(tmp_path / "creating")
    second.load(tmp_path / "creating")
    loaded = client(second, "elasticache")
    assert loaded.describe_cache_clusters()["CacheClusters"][0]["CacheClusterStatus"] == "creating"
    loaded.get_waiter("cache_cluster_available").wait(CacheClusterId="pending", WaiterConfig={"Delay": 0.1})

    loaded.delete_cache_cluster(CacheClusterId="pending")
    second.save(tmp_path / "deleting")
    third = start()
    third.load(tmp_path / "deleting")
    loaded = client(third, "elasticache")
    assert loaded.describe_cache_clusters()["CacheClusters"][0]["CacheClusterStatus"] == "deleting"
    loaded.get_waiter("cache_cluster_deleted").wait(CacheClusterId="pending", WaiterConfig={"Delay": 0.1})
    assert third.differences() == []


def test_lab_in_use_is_not_overwritten(start: Start, tmp_path: Path) -> None:
    lab = start()
    client(lab, "s3").create_bucket(Bucket="kept")
    lab.save(tmp_path / "file")
    with pytest.raises(LabError, match=r"file was not loaded: the lab is in use; .*lab\.load .*--replace"):
        lab.load(tmp_path / "file")
    assert [each["Name"] for each in client(lab, "s3").list_buckets()["Buckets"]] == ["kept"]


def test_origin_whose_folder_is_missing_is_reported(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()
    (tmp_path / "pages").mkdir()
    first.serve_origin("api.example.com", folder=tmp_path / "pages")
    first.save(tmp_path / "file")
    shutil.rmtree(tmp_path / "pages")

    (problem,) = second.load(tmp_path / "file")

    assert problem.startswith(f"folder {tmp_path}/pages of origin api.example.com")
    assert second.origins() == ()


def test_truncated_file_is_refused_and_the_lab_remains_empty(start: Start, tmp_path: Path) -> None:
    lab = start()
    lab.save(tmp_path / "file")
    (tmp_path / "half").write_bytes((tmp_path / "file").read_bytes()[:-100])
    with pytest.raises(SnapshotError, match="half is no snapshot of a lab, or only a part of one"):
        lab.load(tmp_path / "half")
    assert not lab.is_in_use()
    assert lab.load(tmp_path / "file") == []


def test_killed_lab_comes_back_with_what_it_had_a_second_before(start: Start, tmp_path: Path) -> None:
    lab = start(persist=tmp_path / "state")
    lab.configure(vpcs=7)
    factory = VpcFactory(lab)
    for number in range(3):
        bucket = f"{factory.name}-{number}"
        client(lab, "s3").create_bucket(Bucket=bucket)
        wait_until_kept(tmp_path / "state", bucket)
        kill_lab(lab)
        lab.start(tmp_path / f"lab-{lab.port}.log", persist=tmp_path / "state")
        buckets = [each["Name"] for each in client(lab, "s3").list_buckets()["Buckets"]]
        assert bucket in buckets
        assert client(lab, "ec2").describe_vpcs()["Vpcs"][0]["VpcId"] == factory.vpc
        assert lab.settings().vpcs == 7
        assert lab.differences() == []


def wait_until_kept(folder: Path, name: str) -> None:
    """Wait for a second at most until the state in a folder has a name."""
    for _ in range(20):
        if (folder / "lab.snapshot").exists():
            with zipfile.ZipFile(folder / "lab.snapshot") as archive:
                if name.encode() in archive.read("model.pickle"):
                    return
        time.sleep(0.05)
    raise AssertionError(f"{name} was not on the disk after a second")


def test_stopped_lab_keeps_its_last_call(start: Start, tmp_path: Path) -> None:
    lab = start(persist=tmp_path / "state")
    client(lab, "s3").create_bucket(Bucket="last")
    lab.stop()
    lab.start(tmp_path / "log", persist=tmp_path / "state")
    assert [each["Name"] for each in client(lab, "s3").list_buckets()["Buckets"]] == ["last"]
    assert lab.status().state_folder == str(tmp_path / "state")


def test_idle_lab_writes_nothing(start: Start, tmp_path: Path) -> None:
    lab = start(persist=tmp_path / "state")
    client(lab, "s3").create_bucket(Bucket="one")
    wait_until_kept(tmp_path / "state", "one")
    before = (tmp_path / "state/lab.snapshot").stat()
    client(lab, "s3").list_buckets()
    lab.ask("POST", "state")
    assert (tmp_path / "state/lab.snapshot").stat().st_mtime_ns == before.st_mtime_ns


def test_lab_with_a_pending_action_writes_once(start: Start, tmp_path: Path) -> None:
    lab = start(persist=tmp_path / "state")
    client(lab, "events").put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    client(lab, "s3").create_bucket(Bucket="one")
    wait_until_kept(tmp_path / "state", "one")
    lab.ask("POST", "state")
    before = (tmp_path / "state/lab.snapshot").stat()
    time.sleep(1)
    lab.ask("POST", "state")
    assert (tmp_path / "state/lab.snapshot").stat().st_mtime_ns == before.st_mtime_ns


def test_folder_of_a_running_lab_is_refused(start: Start, tmp_path: Path) -> None:
    start(persist=tmp_path / "state")
    with pytest.raises(LabError, match="state keeps the state of another lab, which is running"):
        start(persist=tmp_path / "state")


def test_running_lab_does_not_change_its_folder(start: Start, tmp_path: Path) -> None:
    lab = start()
    with pytest.raises(LabError, match="keeps its state in no folder, not in"):
        lab.start(tmp_path / "log", persist=tmp_path / "state")


@pytest.mark.parametrize("content", [b"", b"Terraform state"], ids=["empty", "foreign"])
def test_state_that_is_no_snapshot_is_kept(start: Start, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/lab.snapshot").write_bytes(content)
    with pytest.raises(LabError) as error:
        start(persist=tmp_path / "state")
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("move the file away to start with an empty lab")
    assert (tmp_path / "state/lab.snapshot").read_bytes() == content
