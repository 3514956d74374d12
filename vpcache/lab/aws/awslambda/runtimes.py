"""Runtimes that Lambda accepts for new and changed functions.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from __future__ import annotations

from datetime import date
from functools import cache

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.core.utils import get_service_model

_BLOCKED = {
    "nodejs": (date(2016, 9, 30), date(2016, 10, 31)),
    "nodejs4.3-edge": (date(2019, 3, 31), date(2019, 4, 30)),
    "dotnetcore2.0": (date(2019, 4, 30), date(2019, 5, 30)),
    "dotnetcore1.0": (date(2019, 6, 27), date(2019, 7, 30)),
    "nodejs6.10": (date(2019, 7, 12), date(2019, 8, 12)),
    "nodejs4.3": (date(2020, 2, 3), date(2020, 3, 5)),
    "nodejs8.10": (date(2020, 2, 4), date(2020, 3, 6)),
    "python2.7": (date(2021, 7, 15), date(2022, 5, 30)),
    "nodejs10.x": (date(2021, 7, 30), date(2022, 2, 14)),
    "ruby2.5": (date(2021, 7, 30), date(2022, 3, 31)),
    "dotnetcore2.1": (date(2022, 1, 5), date(2022, 4, 13)),
    "python3.6": (date(2022, 7, 18), date(2022, 8, 29)),
    "nodejs12.x": (date(2023, 3, 31), date(2023, 4, 30)),
    "dotnetcore3.1": (date(2023, 4, 3), date(2023, 5, 3)),
    "nodejs14.x": (date(2024, 1, 9), date(2024, 2, 8)),
    "python3.7": (date(2024, 1, 9), date(2024, 2, 8)),
    "ruby2.7": (date(2024, 1, 9), date(2024, 2, 8)),
    "go1.x": (date(2024, 2, 8), date(2024, 3, 12)),
    "java8": (date(2024, 2, 8), date(2024, 3, 12)),
    "provided": (date(2024, 2, 8), date(2024, 3, 12)),
}
"""By runtime: since when it cannot be used for new functions, and for changed ones.

Runtimes that were deprecated later (python3.8, python3.9, nodejs16.x, nodejs18.x, dotnet6) are accepted: AWS
has postponed their dates several times. Compare the table with AWS's page before you rely on its dates.
"""

OFFERED = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, "
    "python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, "
    "dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)
"""The runtimes that AWS's error lists, in its order; it accepts newer ones of the model, too."""
LISTED = (
    "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, "
    "dotnetcore2.0, python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, "
    "dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, "
    "go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, "
    "nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, "
    "nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, "
    "ruby3.4, ruby2.5, python3.6, python2.7"
)
"""The same for the filters of ListLayers and ListLayerVersions."""


def check_runtime(runtime: str) -> None:
    """Raise InvalidParameterValueException for a runtime that AWS no longer accepts or does not have."""
    if runtime in _BLOCKED:
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda "
            "functions. We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in _known():
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{OFFERED}] or be a valid ARN"
        )


@cache
def _known() -> frozenset[str]:
    choices = get_service_model("lambda").shape_for("Runtime").enum
    return frozenset(choices) - {"custom"}
