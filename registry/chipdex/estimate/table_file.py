"""Where the calibration table that ships stands, and what its readers must know to read a part of it."""

from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("calibration.json")
SCHEMA: Final = 1
