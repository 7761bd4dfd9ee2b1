"""A calibration table that no refit changes: general constants and nothing else, so hand-worked values stay true."""

from chipdex.calibrate.constants import GENERAL
from chipdex.estimate.calibration import Calibration
from chipdex.estimate.hierarchy import BASE

PLAIN_TABLE = Calibration(constants={BASE: dict(GENERAL) | {"cache": 0.8, "attention": 0.5}})
