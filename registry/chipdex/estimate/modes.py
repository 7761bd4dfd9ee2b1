"""Power modes: a device as it is in one of the settings its vendor documents."""

import attrs

from chipdex.domain.accelerator import Accelerator, Peaks
from chipdex.errors import OptionError


def in_mode(accelerator: Accelerator, name: str) -> Accelerator:
    """Return the device with the peaks, bandwidth and power of a mode; what the mode leaves open stays.

    Raises OptionError, with the modes there are, for any other name.
    """
    modes = {_spelled(mode.name): mode for mode in accelerator.power.mode}
    mode = modes.get(_spelled(name))
    if mode is None:
        known = ", ".join(found.name for found in accelerator.power.mode)
        fix = f"Choose from {known}." if known else "Leave it out: no mode of this device is on record."
        raise OptionError(f"{accelerator.id} has no power mode {name!r}.", fix=fix)
    stated = {
        field.name: value for field in attrs.fields(Peaks) if (value := getattr(mode.dense, field.name)) is not None
    }
    memory = accelerator.memory
    if mode.bandwidth_gb_per_s is not None:
        memory = attrs.evolve(memory, bandwidth_gb_per_s=mode.bandwidth_gb_per_s)
    dense = attrs.evolve(accelerator.compute.dense, **stated)
    return attrs.evolve(
        accelerator,
        memory=memory,
        compute=attrs.evolve(accelerator.compute, dense=dense),
        power=attrs.evolve(accelerator.power, tdp_w=mode.power_w),
    )


def _spelled(name: str) -> str:
    return "".join(name.split()).lower()
