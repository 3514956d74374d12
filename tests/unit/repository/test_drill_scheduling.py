"""Which tests run on the same pytest-xdist worker."""

from types import SimpleNamespace

from tests.drill_scheduling import DrillScheduling

DRILLS = ["tests/drills/test_drills.py::test_a", "tests/drills/test_page.py::test_b[x::y]"]
OTHERS = ["tests/drills/own_labs/test_soak.py::test_c", "tests/lab/test_faults.py::test_d"]


def units(nodeids):
    """Return the units of work that the scheduler distributes to two workers."""
    config = SimpleNamespace(
        getvalue=lambda _: ["2*popen"], option=SimpleNamespace(loadscopereorder=False, maxschedchunk=None)
    )
    scheduler = DrillScheduling(config)
    workers = [FakeWorker(name) for name in ("gw0", "gw1")]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, nodeids)
    scheduler.schedule()
    assigned = [list(scope) for work in scheduler.assigned_work.values() for scope in work.values()]
    return assigned + [list(scope) for scope in scheduler.workqueue.values()]


class FakeWorker:
    shutting_down = False

    def __init__(self, name):
        self.gateway = SimpleNamespace(id=name)

    def send_runtest_some(self, indices):
        """Accept tests to run."""

    def shutdown(self):
        """Accept the end of the work."""


def test_drills_of_the_shared_stack_run_on_one_worker():
    assert sorted(units([*DRILLS, *OTHERS])) == sorted([DRILLS, *([each] for each in OTHERS)])
