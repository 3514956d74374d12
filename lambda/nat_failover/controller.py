"""Checks of the zones in rounds, and the changes of routes that follow from them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from decision import Round, decide
from history import History
from routes import Routes
from settings import Settings

_LAST_ROUND = 50  # seconds after the first; the run must end before the next one, which else has a new worker
_PAUSE = 20  # seconds between the rounds of two runs, at most, in addition to the interval


class RunError(Exception):
    """Zones use other zones' gateways, or calls failed. It makes a run count in Lambda's metric Errors."""


class Controller:
    """The controller of one Lambda worker.

    The route tables are the state. The last rounds outlive an invocation in the worker's memory, so that a
    failure at the end of a minute counts in the next one too; without them a change takes longer.
    """

    def __init__(
        self,
        settings: Settings,
        routes: Routes,
        functions: Any,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._functions = functions
        self._clock = clock
        self._sleep = sleep
        length = max(settings.thresholds.failures, settings.thresholds.successes)
        self._history = History(length, settings.interval + _PAUSE)

    def run_minute(self) -> None:
        """Run the rounds of one minute.

        Raises RunError at the end if a call failed, or if the last round left a zone to another gateway.
        """
        start, interval = self._clock(), self._settings.interval
        failed: list[str] = []
        failed_over: dict[str, str] = {}
        for number in range(_LAST_ROUND // interval + 1):
            wait = start + number * interval - self._clock()
            if wait > -interval:  # else a slow round has used the time of this one
                self._sleep(max(0.0, wait))
                failed_over = self.run_round(failed.append)
        uses = [f"{zone} uses the NAT gateway of {other}" for zone, other in failed_over.items()]
        if problems := [*uses, *dict.fromkeys(failed)]:
            raise RunError("; ".join(problems))

    def run_round(self, failed: Callable[[str], None]) -> dict[str, str]:
        """Check all zones, change the routes that have to change, and report failed calls to `failed`.

        Returns the zones that use the gateway of another zone, with that zone.
        """
        self._history = self._history.with_round(self._clock(), self._check(failed))
        try:
            serving = self._routes.serving()
        except Exception as error:
            failed(f"routes are unknown: {_text(error)}")
            return {}
        for zone, chosen in decide(serving, self._history.rounds, self._settings.thresholds).items():
            try:
                self._routes.replace(zone, chosen)
            except Exception as error:  # the next round tries again
                failed(f"the default route of {zone} remains: {_text(error)}")
            else:
                print(f"the default route of {zone} leads to the NAT gateway of {chosen}")
                serving[zone] = chosen
        return {zone: other for zone, other in serving.items() if other not in (zone, None)}

    def _check(self, failed: Callable[[str], None]) -> Round:
        def reached(zone: str) -> bool | None:
            try:
                return self._reached(zone)
            except Exception as error:
                failed(f"the check of {zone} gave no result: {_text(error)}")
                return None

        zones: Iterable[str] = self._settings.zones
        with ThreadPoolExecutor(len(self._settings.zones)) as pool:
            return dict(zip(zones, pool.map(reached, zones), strict=True))

    def _reached(self, zone: str) -> bool:
        reply = self._functions.invoke(
            FunctionName=self._settings.zones[zone].checker,
            Payload=json.dumps({"targets": self._settings.targets}),
        )
        reached: bool = json.load(reply["Payload"])["reached"]
        return reached


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
