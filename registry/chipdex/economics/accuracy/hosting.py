"""How many devices an accuracy takes: those that hold the busiest time, with what is there and what may replace it.

With L answers per second to hold, deployments of n devices that give m answers per second, and gain d in points:

    devices            n ceil(L / m)
    devices per point  (devices after - devices before) / d
"""

import math
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs, Parameter
from chipdex.errors import InfeasibleError
from chipdex.values import Value

PARAMETERS: Final = (
    Parameter(key="answers_per_s", meaning="answers per second at the busiest time", above=True),
    Parameter(key="deployment_devices", meaning="devices of a deployment today", whole=True, low=1.0, high=1e6),
    Parameter(key="deployment_answers_per_s", meaning="answers per second that a deployment gives today", above=True),
    Parameter(
        key="new_deployment_devices",
        meaning="devices of a deployment of what may replace it",
        whole=True,
        low=1.0,
        high=1e6,
    ),
    Parameter(
        key="new_deployment_answers_per_s",
        meaning="answers per second that a deployment of what may replace it gives",
        above=True,
    ),
)
"""What devices are counted with."""

_MOST: Final = 1e9


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Hosting(Value):
    """Devices today and with what may replace it; `devices_per_point` is None where no gain in accuracy is known."""

    devices: int
    new_devices: int
    devices_per_point: float | None

    @classmethod
    def of(cls, inputs: Inputs) -> "Hosting | None":
        """Return the devices; None where not all is known. Raises InfeasibleError for more than anybody builds."""
        if any(one.key not in inputs for one in PARAMETERS):
            return None
        before, after = (_devices(inputs, start) for start in ("", "new_"))
        points = 100.0 * (inputs.get("new_accuracy", 0.0) - inputs.get("accuracy", 0.0))
        known = "accuracy" in inputs and "new_accuracy" in inputs and points > 0.0
        return cls(devices=before, new_devices=after, devices_per_point=(after - before) / points if known else None)


def _devices(inputs: Inputs, start: str) -> int:
    each, rate = inputs[f"{start}deployment_devices"], inputs[f"{start}deployment_answers_per_s"]
    needed = each * (inputs["answers_per_s"] / rate)
    if needed > _MOST:
        raise InfeasibleError(
            f"--answers-per-s takes {needed:.3g} devices, and chipdex counts up to {_MOST:g}.",
            fix=f"Give {inputs['answers_per_s'] * _MOST / needed:.3g} at most, or faster deployments.",
        )
    return round(each) * math.ceil(inputs["answers_per_s"] / rate)
