"""What the registry knows of answers: what one costs on a device, how many a deployment gives, what weights take."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from chipdex.cli.session import Session
from chipdex.domain import Model
from chipdex.economics.inputs import Given
from chipdex.errors import OptionError
from chipdex.values import Value

_BYTES: Final = 2.0
_SECONDS: Final = 3600.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Asked(Value):
    """What options name of the registry: what serves answers today, and what may replace it."""

    model: str | None
    new_model: str | None
    device: str | None
    count: int | None
    new_count: int | None
    input_tokens: int | None
    output_tokens: int | None

    def check(self, *, formats: bool) -> None:
        """Raise OptionError for an option that means nothing without another; a model alone tells what formats take."""
        served = ("new_model", "count", "new_count", "input_tokens", "output_tokens")
        lone = next((name for name in served if getattr(self, name) is not None), None)
        if self.device is None and lone is not None:
            raise OptionError(
                f"--{lone.replace('_', '-')} was given without --device.", fix="Say on which hardware: --device D."
            )
        if self.new_count is not None and self.new_model is None:
            raise OptionError("--new-count was given without --new-model.", fix="Say which model: --new-model M.")
        if self.model is not None and self.device is None and not formats:
            raise OptionError("MODEL was given without --device.", fix="Say on which hardware: --device D --count N.")
        if self.device is not None and self.model is None and self.new_model is None and not formats:
            raise OptionError("--device was given without a model.", fix="Name one: chipdex quality MODEL --device D.")


def known(session: Session, asked: Asked, *, formats: bool) -> Mapping[str, Given]:
    """Return the inputs that the registry and its estimates give; `formats` says whether any format is asked about.

    Of formats a device tells the memory alone, unless a count says how many serve answers today.
    """
    asked.check(formats=formats)
    found: dict[str, Given] = {}
    if formats and asked.model is not None:
        from chipdex.cli.questions import model_of  # noqa: PLC0415 - needed for MODEL only

        found |= _weights(model_of(session, asked.model))
    if asked.device is None:
        return found
    session.need("accelerators")
    name = session.registry.resolve("accelerators", asked.device)
    memory = session.registry.accelerators[name].memory.capacity_gb
    if formats and memory:
        found["device_memory_gb"] = Given(memory, f"registry: {name}")
    count = Given(asked.count or 1, "default: one device" if asked.count is None else "given: --count")
    if asked.model is not None and not (formats and asked.count is None):
        found |= _answers(session, asked, asked.model, name, count, "")
    if asked.new_model is not None:
        later = count if asked.new_count is None else Given(asked.new_count, "given: --new-count")
        found |= _answers(session, asked, asked.new_model, name, later, "new_")
    return found


def _weights(model: Model) -> dict[str, Given]:
    if model.decoder is None or model.structure != "dense":
        return {}
    return {"weights_gb": Given(_BYTES * model.params / 1e9, f"registry: {model.id}, 2 bytes a parameter")}


def _answers(
    session: Session, asked: Asked, model: str, device: str, devices: Given, start: str
) -> Mapping[str, Given]:
    """Return price and rate of the answers of so many devices at full load; no price where nobody rents them."""
    from chipdex.cli.cases import case_of  # noqa: PLC0415 - numpy comes with it
    from chipdex.economics.hardware import hardware_inputs, said_of  # noqa: PLC0415 - likewise
    from chipdex.search import estimate  # noqa: PLC0415 - likewise

    count = int(devices.value)
    stated: dict[str, Any] = {"model": model, "accelerator": device, "accelerators": count}
    stated |= {"input_tokens": asked.input_tokens, "output_tokens": asked.output_tokens}
    found = estimate(case_of(session, stated), session.knowledge)
    rate, shape = found.throughput.requests_per_s, f"{model} on {count} x {device}, {found.precision}"
    said = f"{said_of(found)}, at full load: {shape}"
    inputs = {
        f"{start}deployment_devices": devices,
        f"{start}deployment_answers_per_s": Given(rate, said),
    }
    rent = hardware_inputs(session.registry, session.registry.accelerators[device], count).get("rent_usd_per_hour")
    if rent is not None:
        inputs[f"{start}usd_per_answer"] = Given(rent.value / _SECONDS / rate, f"{said}; {rent.source}")
    return inputs
