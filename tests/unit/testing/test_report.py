"""The report of a test run: its records, and its page for each way in which a run can end."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from vpcache.drills.drill import Report
from vpcache.drills.load import Sample
from vpcache.errors import VpcacheError
from vpcache.probes import Result
from vpcache.testing.report.facts import ChangeRecord, DrillRecord, Facts, ProbeRecord, noted
from vpcache.testing.report.outcomes import FAILED, PASSED, SKIPPED, Outcome, outcomes
from vpcache.testing.report.page import RunReport, duration, html, ticks
from vpcache.testing.report.timings import Timing, timings

VPC = 'module.vpc["<b>"].aws_vpc.this'


def event(kind, second, address=VPC, action="create"):
    hook = {"resource": {"addr": address, "resource_type": "aws_vpc"}, "action": action}
    return {"type": kind, "@timestamp": f"2026-11-23T10:00:{second:09.6f}Z", "hook": hook}


def test_timings_count_from_the_first_change():
    events = [
        {"type": "version", "@timestamp": "2026-11-23T09:59:00.000000Z"},
        event("apply_start", 1.5),
        event("apply_start", 2.0, "b"),
        event("apply_progress", 3.0),
        event("apply_complete", 4.25, "b"),
        event("apply_complete", 11.5),
        {"message": "a line without a timestamp"},
    ]
    assert timings(events) == [Timing(VPC, "create", 0.0, 10.0), Timing("b", "create", 0.5, 2.25)]


def test_failed_and_unfinished_changes_have_failed():
    events = [
        event("apply_start", 0),
        event("apply_start", 1, "b"),
        event("apply_errored", 2),
        event("apply_start", 2, "data.x", action="read"),
    ]
    assert timings(events) == [Timing(VPC, "create", 0.0, 2.0, True), Timing("b", "create", 1.0, 1.0, True)]
    assert timings([]) == []


def phase(test, status, when="call", seconds=1.0, why=""):
    return SimpleNamespace(
        nodeid=test, outcome=status, when=when, duration=seconds, longrepr=why, longreprtext=why
    )


def test_outcome_fails_if_one_phase_failed():
    skip = phase("c", SKIPPED, "setup")
    skip.longrepr = ("test_c.py", 3, "Skipped: no lab")
    reports = [
        phase("a", PASSED, "setup"),
        phase("b", PASSED),
        phase("interrupted", PASSED, "setup"),
        phase("a", PASSED),
        phase("a", FAILED, "teardown", why="it leaked"),
        skip,
        SimpleNamespace(nodeid="d.py", outcome=FAILED, longrepr="x", longreprtext="SyntaxError"),
        SimpleNamespace(
            nodeid="d.py", outcome=FAILED, longrepr="x", longreprtext="SyntaxError"
        ),  # another worker
    ]
    assert outcomes(reports) == [
        Outcome("a", FAILED, 3.0, "it leaked"),
        Outcome("b", PASSED, 1.0),
        Outcome("c", SKIPPED, 1.0, "no lab"),
        Outcome("d.py", FAILED, 0.0, "SyntaxError"),
    ]


CHANGE = ChangeRecord(
    command="apply",
    stack="s",
    environment="dev",
    target="lab",
    account="1",
    region="us-east-1",
    since="2026-11-23T10:00:00+00:00",
    seconds=52.0,
    timings=(Timing(VPC, "create", 0.0, 10.0), Timing("b", "create", 1.0, 2.0, True)),
)
DESTROY = replace(CHANGE, command="destroy")
HIT = Sample(0.5, 1.0, "cache", is_known=True)
DRILL = DrillRecord(Report("zone", "a", 1.0, 2.0, [replace(HIT, at=number / 4) for number in range(16)]))
PROBE = ProbeRecord(
    Result("egress", "us-east-1a", True, "seen as 203.0.113.5"), "test_egress.py::test_it", False
)
RUN = RunReport("2026-11-23T10:00:00+00:00", 61.0, [Outcome("test_one", PASSED, 1.5)])


def test_facts_are_restored_in_order(tmp_path):
    facts = Facts(tmp_path / "facts")
    assert facts.of(ChangeRecord) == []
    for fact in (CHANGE, DRILL, DESTROY, PROBE):
        facts.add(fact)
    assert facts.of(ChangeRecord) == [CHANGE, DESTROY]
    assert facts.of(DrillRecord) == [DRILL]
    assert facts.of(ProbeRecord) == [PROBE]


@pytest.fixture
def stack(tmp_path):
    target = SimpleNamespace(name="lab", region="us-east-1")
    return SimpleNamespace(name="s", environment="dev", target=target, account="1")


def test_successful_and_failed_commands_are_recorded(tmp_path, stack):
    facts = Facts(tmp_path / "facts")
    with pytest.raises(VpcacheError), noted(facts, "apply", stack) as note:
        note.events += [event("apply_start", 0), event("apply_errored", 2)]
        raise VpcacheError("no capacity")
    with noted(facts, "destroy", stack) as note:
        note.left = ("network interface eni-1",)
    failed, destroyed = facts.of(ChangeRecord)
    assert (failed.problem, failed.timings) == ("no capacity", (Timing(VPC, "create", 0.0, 2.0, True),))
    assert (destroyed.problem, destroyed.left) == (None, ("network interface eni-1",))


class Page(HTMLParser):
    """Collects the text of a page, and asserts that the page is well-formed and loads nothing else."""

    VOID = {"meta", "img", "br"}

    def __init__(self, text):
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []
        assert "@import" not in text and "url(" not in text

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "iframe")
        for name in ("src", "href"):
            assert (dict(attrs).get(name) or "#").startswith(("#", "data:image/svg+xml;base64,"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page_text(**facts):
    return Page(html(replace(RUN, **facts))).text


def test_page_shows_all_facts_and_is_self_contained():
    text = page_text(changes=[CHANGE, DESTROY], probes=[PROBE], drills=[DRILL], diagram="<svg/>")
    assert "Test run passed" in text
    assert "s: 1 resource in 52 s" in text
    assert "seen as 203.0.113.5 test_egress.py::test_it" in text
    assert VPC in text  # as text, not as a tag
    assert "zone in a" in text
    assert "None: the account was checked after the destroy." in text


def test_page_counts_one_error():
    failed = replace(DRILL.report.samples[5], is_known=True, problem="timeout")
    report = replace(DRILL.report, samples=[*DRILL.report.samples[:5], failed])
    text = page_text(drills=[replace(DRILL, report=report)])
    assert "6 calls, 0 wrong answers. During the fault: 1 error, p99" in text


def test_page_embeds_the_diagram():
    page = html(replace(RUN, diagram="<svg>π</svg>"))
    (data,) = re.findall(r'base64,([^"]+)"', page)
    assert base64.b64decode(data).decode() == "<svg>π</svg>"


def test_page_of_a_run_without_a_stack():
    text = page_text()
    for words in ("No stack was applied", "No probe ran", "No drill ran", "No resources were created"):
        assert words in text


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"outcomes": [Outcome("t", FAILED, 1.0, "assert <x>")]}, "assert <x>"),
        ({"outcomes": []}, "No test ran"),
        ({"problem": "The run was interrupted before its end."}, "interrupted before its end"),
        (
            {"changes": [replace(CHANGE, problem="no capacity")], "problem": "teardown"},
            "then it failed no capacity",
        ),
    ],
    ids=["a test failed", "no test ran", "interrupted", "apply failed"],
)
def test_page_of_a_failed_run(facts, words):
    text = page_text(**facts)
    assert "Test run failed" in text
    assert words in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([CHANGE], "it ended when the lab of this run stopped"),
        ([replace(CHANGE, target="aws")], "sweep --name s --target aws --region us-east-1"),
        (
            [CHANGE, replace(DESTROY, target="aws", problem="timed out")],
            "sweep --name s --target aws --region us-east-1",
        ),
        ([CHANGE, replace(DESTROY, left=("vpc vpc-1",))], "vpc vpc-1"),
    ],
    ids=["never destroyed", "never destroyed on aws", "destroy failed", "something left"],
)
def test_page_lists_leftovers(changes, words):
    text = page_text(changes=changes)
    assert words in text
    assert "None: the account" not in text


@pytest.mark.parametrize(
    ("probe", "words"),
    [(replace(PROBE, in_drill=True), "✗ failed in a drill"), (PROBE, "✗ failed")],
)
def test_page_marks_probes_that_failed_in_a_drill(probe, words):
    text = page_text(probes=[replace(probe, result=Result("egress", "a", False, "no answer"))])
    assert f"{words} no answer" in text


def test_duration_as_text():
    texts = [duration(seconds) for seconds in (0.04, 0.44, 1.44, 9.96, 52.4, 725)]
    assert texts == ["0.04 s", "0.44 s", "1.4 s", "10 s", "52 s", "12 min 5 s"]


@pytest.mark.parametrize(
    ("seconds", "axis"),
    [
        (0.2, [0]),
        (3.2, [0, 1, 2, 3]),
        (52, [0, 10, 20, 30, 40, 50]),
        (700, [0, 100, 200, 300, 400, 500, 600, 700]),
    ],
)
def test_axis_ticks_are_round(seconds, axis):
    assert ticks(seconds) == axis
