"""Write the JSON Schema of each kind of profile below docs/schemas, in a folder for the version of the format."""  # noqa: INP001 - a script

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Final

from chipdex.codec import FOLDERS
from chipdex.codec.document import SCHEMA
from chipdex.codec.json_schema import dumps_json_schema

REPOSITORY: Final = Path(__file__).resolve().parent.parent
SCHEMAS: Final = REPOSITORY / "docs" / "schemas"


def schemas() -> dict[Path, str]:
    """Return the schemas of this version by their places."""
    return {SCHEMAS / str(SCHEMA) / f"{folder}.json": dumps_json_schema(folder) for folder in FOLDERS}


def digests() -> dict[str, dict[str, str]]:
    """Return the SHA-256 of every schema that is there, by version and kind."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(SCHEMAS.glob("*/*.json")):
        found.setdefault(file.parent.name, {})[file.stem] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def main() -> int:
    """Write the schemas, or with --check say which are not up to date; return 1 where some are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a schema is not up to date")
    options = parser.parse_args()
    stale = [
        (file, text)
        for file, text in schemas().items()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]
    for file, text in stale:
        if not options.check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        print(f"{file.relative_to(REPOSITORY)} {'is not up to date' if options.check else 'written'}: {digest}")  # noqa: T201 - a script reports
    if not stale:
        print("The schemas are up to date.")  # noqa: T201 - a script reports
    return int(options.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
