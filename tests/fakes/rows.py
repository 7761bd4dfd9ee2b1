"""Deployments of one device as an estimator sees them, under a table of constants that no refit changes."""

from fakes.tables import PLAIN_TABLE

from chipdex.domain import PRECISIONS
from chipdex.estimate.decoder import Deployments
from chipdex.estimate.hardware import Platform, hardware
from chipdex.estimate.lengths import Lengths
from chipdex.search.space import Space, Split


def platform(device, precision="bf16", calibration=PLAIN_TABLE):
    """Return a device in a precision."""
    chosen = PRECISIONS[precision]
    return Platform(accelerator=device, precision=chosen, kv_precision=chosen.kv, calibration=calibration)


def columns(device, precision="bf16", calibration=PLAIN_TABLE):
    """Return a device's figures as columns of one row."""
    return hardware([platform(device, precision, calibration)]).take([0])


def deployments(model, device, *, tensor=1, precision="bf16", input_tokens=1.0, output_tokens=1.0) -> Deployments:
    """Return one deployment of a model on `tensor` devices, one row."""
    rows = Space(hw=hardware([platform(device, precision)]), platform=(0,), split=(Split(tensor, 1, 1),))
    return rows.deployments(model, Lengths(input_tokens=input_tokens, output_tokens=output_tokens))
