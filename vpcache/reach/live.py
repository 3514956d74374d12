"""Flows that were proven and flows that were sent, side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vpcache.lab.addresses import IpAddress
from vpcache.lab.packets.flows import Seen, Verdict
from vpcache.reach import answers
from vpcache.reach.answers import Answer
from vpcache.wording import counted


@dataclass(frozen=True)
class Compared:
    """The proven answer about a flow, and what became of the flow in the lab."""

    answer: Answer
    seen: Seen

    @property
    def proven(self) -> Verdict:
        """The prover's verdict."""
        return Verdict.PASSES if self._is_passed else Verdict.DROPPED

    @property
    def disagrees(self) -> bool:
        """Whether the verdicts differ, or the addresses that the target sees of a flow that passes.

        A flow that could not be sent contradicts nothing.
        """
        if self.seen.verdict is Verdict.UNSENT:
            return False
        return self.proven is not self.seen.verdict or self._addresses_differ

    @property
    def _is_passed(self) -> bool:
        return self.answer.verdict is answers.Verdict.PASSES

    @property
    def _addresses_differ(self) -> bool:
        return self._is_passed and self.seen.seen_as not in (None, self.answer.path.seen_as)

    def __str__(self) -> str:
        answer = self.answer
        sent = "not sent" if self.seen.verdict is Verdict.UNSENT else f"sent {self.seen.verdict}"
        proven = f"proven {self.proven}"
        if self._addresses_differ:
            proven += _seen_as(answer.path.seen_as)
        if self.seen.verdict is Verdict.PASSES:
            sent += _seen_as(self.seen.seen_as)
        problem = f" ({self.seen.problem})" if self.seen.problem else ""
        start = "disagreement: " if self.disagrees else ""
        return f"{start}{answer.flow} from {answer.source} to {answer.target}: {proven}, {sent}{problem}"


@dataclass(frozen=True)
class Agreement:
    """Proven and sent flows, each pair compared."""

    compared: tuple[Compared, ...]

    @property
    def disagreements(self) -> tuple[Compared, ...]:
        """The flows on which prover and packets disagree."""
        return tuple(each for each in self.compared if each.disagrees)

    def lines(self) -> Iterator[str]:
        """Yield one line for each flow, and a summary."""
        yield from map(str, self.compared)
        unsent = sum(each.seen.verdict is Verdict.UNSENT for each in self.compared)
        parts = [counted(len(self.compared), "flow"), counted(len(self.disagreements), "disagreement")]
        yield ", ".join([*parts, f"{unsent} not sent"] if unsent else parts)


def agreement(proven: Sequence[Answer], seen: Sequence[Seen]) -> Agreement:
    """Return the comparison of proven answers and of what became of the same flows in the lab, in order."""
    return Agreement(tuple(map(Compared, proven, seen)))


def _seen_as(address: IpAddress | None) -> str:
    return "" if address is None else f" seen as {address}"
