"""The measurements of all origins: read when they are first asked for, those of one model without the others."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from chipdex.catalog.claims import Claim
from chipdex.catalog.gather import claims_of_code, profile_folders, report
from chipdex.catalog.warning import Warnings
from chipdex.codec import Plain, Rows, read_rows, structure
from chipdex.domain import Measurement, Origin

if TYPE_CHECKING:
    from chipdex.hooks import PluginHost
    from chipdex.settings import Settings

_KIND = "measurements"


class Measured:
    """What folders, files given by name (`claims`) and code plugins bring of measurements."""

    def __init__(self, settings: "Settings", host: "PluginHost", claims: Iterable[Claim], warnings: Warnings) -> None:
        self._settings = settings
        self._host = host
        self._given = tuple(claims)
        self._warnings = warnings

    @cached_property
    def _folders(self) -> tuple[tuple[Rows, Origin], ...]:
        folders = []
        for root, origin in profile_folders(self._settings, self._host):
            rows = read_rows(root, cache_dir=self._settings.cache_dir)
            report(rows, self._warnings, strict=self._settings.strict)
            folders.append((rows, origin))
        return tuple(folders)

    @cached_property
    def _others(self) -> tuple[Claim, ...]:
        return (*self._given, *claims_of_code(self._host, _KIND))

    def check(self) -> None:
        """Read every folder's measurements. Raises ProfileError for a faulty file under strict settings."""
        assert self._folders is not None  # noqa: S101 - reading them is the point

    def claims(self) -> Iterator[Claim]:
        """Yield every claim of a measurement."""
        for rows, origin in self._folders:
            for plain in rows.records:
                yield Claim(plain.id, plain.folder, origin, plain)
        yield from self._others

    @cached_property
    def are_apart(self) -> bool:
        """Whether no two origins can hold a row of one id, so that nothing needs to be merged."""
        prefixes = Counter(prefix for rows, _ in self._folders for prefix in rows.prefixes)
        others = [claim.id for claim in self._others]
        prefixes.update({record_id.rpartition("/")[0] for record_id in others})
        return len(others) == len(set(others)) and all(count == 1 for count in prefixes.values())

    def of(self, is_asked_for: Callable[[str], bool]) -> list[Measurement]:
        """Return the rows of the models whose name `is_asked_for`, by id. They are whole where origins are apart."""
        found = [
            row for rows, _ in self._folders for name in rows.models if is_asked_for(name) for row in rows.of(name)
        ]
        found += [row for row in map(_record, self._others) if is_asked_for(row.model)]
        return sorted(found, key=attrgetter("id"))

    def on(self, names: Collection[str]) -> list[Measurement]:
        """Return the rows whose accelerator is called one of `names`, by id. They are whole where origins are apart."""
        found = [row for rows, _ in self._folders for row in rows.on(names)]
        found += [row for row in map(_record, self._others) if row.accelerator in names]
        return sorted(found, key=attrgetter("id"))

    def by(self, bringer: str) -> list[Measurement]:
        """Return the rows that one distribution, or level, brings, by id: those whose digest is under its name."""
        found = [
            row
            for rows, origin in self._folders
            if _name(origin) == bringer
            for model in rows.models
            for row in rows.of(model)
        ]
        found += [_record(claim) for claim in self._others if _name(claim.brought_by) == bringer]
        return sorted(found, key=attrgetter("id"))

    def digests(self) -> dict[str, str]:
        """Return the digest of what each distribution, or level of a folder that none brings, measured."""
        by_name: dict[str, list[str]] = {}
        for rows, origin in self._folders:
            if rows.digest:
                by_name.setdefault(_name(origin), []).append(rows.digest)
        for claim in self._others:
            text = json.dumps([claim.id, claim.data], sort_keys=True)
            by_name.setdefault(_name(claim.brought_by), []).append(_digest(text))
        return {
            name: found[0] if len(found) == 1 else _digest("".join(sorted(found)))
            for name, found in sorted(by_name.items())
        }


def _digest(text: str) -> str:
    from hashlib import sha256  # noqa: PLC0415 - costs OpenSSL, and files bring their digests

    return sha256(text.encode()).hexdigest()


def _name(origin: Origin) -> str:
    return origin.distribution or origin.level.value


def _record(claim: Claim) -> Measurement:
    content = claim.content
    return cast("Measurement", structure(content) if isinstance(content, Plain) else content)
