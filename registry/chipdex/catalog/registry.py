"""The registry: every record that plugins, folders and files bring, merged, named and joined."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from chipdex.catalog.gather import FOLDER_OF, claims_in_files, claims_of_code
from chipdex.catalog.measured import Measured
from chipdex.catalog.shelf import Shelf
from chipdex.catalog.warning import Warning_, Warnings
from chipdex.domain import Accelerator, BenchmarkWorkload, Fact, Grid, Measurement, Model, Offer
from chipdex.errors import EmptyRegistryError, OptionError, StorageError, UnknownIdError

if TYPE_CHECKING:
    import sqlite3

    from chipdex.catalog.claims import Claim
    from chipdex.catalog.merge import Said
    from chipdex.catalog.priced import Priced, Wanted
    from chipdex.catalog.query import Result, Tables
    from chipdex.catalog.resolve import Entry, Resolver
    from chipdex.hooks import PluginHost
    from chipdex.settings import Settings

_SHOWN: Final = 3


class Registry:
    """What is known: mappings and sequences of domain records, each made when it is first asked for."""

    def __init__(
        self, settings: "Settings", host: "PluginHost", claims: Mapping[str, list["Claim"]], warnings: Warnings
    ) -> None:
        self.settings = settings
        self.host = host
        self._claims = claims
        self._warnings = warnings
        self._shelves: dict[str, Shelf[Any]] = {}
        self._ids_behind: dict[tuple[str, str], str] = {}
        self._prices_are_unreadable = False
        self._measured = Measured(settings, host, claims.get("measurements", ()), warnings)
        if settings.strict:
            self._measured.check()

    @classmethod
    def load(
        cls,
        settings: "Settings | None" = None,
        *,
        extra_files: Iterable[str | Path] = (),
        host: "PluginHost | None" = None,
    ) -> "Registry":
        """Return the registry of these settings, by default the user's.

        `extra_files` are files and folders given on the command line. Raises ProfileError for a faulty
        one of those; under strict settings for any faulty profile, and PluginError for a faulty plugin.
        """
        from chipdex.hooks import PluginHost  # noqa: PLC0415 - a caller who has a host has it imported
        from chipdex.settings import load_settings  # noqa: PLC0415 - likewise

        settings = settings or (host.settings if host else load_settings())
        host = host or PluginHost(settings)
        warnings = Warnings()
        claims = claims_in_files(settings, host, [Path(path) for path in extra_files], warnings)
        return cls(settings, host, claims, warnings)

    @property
    def accelerators(self) -> Mapping[str, Accelerator]:
        """Devices by id."""
        return self._shelf("accelerators")

    @property
    def models(self) -> Mapping[str, Model]:
        """Models by id."""
        return self._shelf("models")

    @property
    def workloads(self) -> Mapping[str, BenchmarkWorkload]:
        """Published benchmarks' workloads by id."""
        return self._shelf("workloads")

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Prices. An accelerator that an offer names by an alias has its id; an unknown one keeps its text."""
        offers = tuple(self._with_ids(offer) for offer in self._shelf("offers").values())
        self._warn_of_unknown_devices([offer.accelerator for offer in offers])
        return offers

    def _warn_of_unknown_devices(self, named: list[str]) -> None:
        unknown = [name for name in named if name not in self.accelerators]
        if unknown:
            names = sorted(set(unknown))
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            sentence = (
                f"{len(unknown)} of {len(named)} offers are for devices that no installed plugin describes: "
                f"{', '.join(names[:_SHOWN])}{more}."
            )
            self._warnings.add("unresolved_offers", sentence)

    @cached_property
    def offer_rows(self) -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
        """Prices in plain form, as (id, accelerator's id, data): most of them a question has no need to make."""
        shelf = self._shelf("offers")
        plain = ((record_id, shelf.data(record_id)) for record_id in shelf)
        rows = tuple((key, self._id_behind("accelerators", data["accelerator"]), data) for key, data in plain)
        self._warn_of_unknown_devices([accelerator for _, accelerator, _ in rows])
        return rows

    def offer(self, record_id: str) -> Offer:
        """Return one of the prices."""
        found: Offer = self._with_ids(self._shelf("offers")[record_id])
        return found

    def priced(self, wanted: "Wanted | None" = None) -> "Priced":
        """Return the devices with the offers that a question may use: fetched ones over list prices."""
        from chipdex.catalog.priced import Wanted, priced  # noqa: PLC0415 - the store is not needed to start

        return priced(self, wanted or Wanted())

    @cached_property
    def measurements(self) -> tuple[Measurement, ...]:
        """Published results, the device and model of each by id where they are known."""
        return tuple(self._with_ids(row) for row in self._shelf("measurements").values())

    def measurements_of(self, model_id: str) -> tuple[Measurement, ...]:
        """Return the published results of one model, by id, without reading those of others.

        They are the rows of `measurements` whose model this is.
        """
        if not self._measured.are_apart:
            return tuple(row for row in self.measurements if row.model == model_id)
        rows = self._measured.of(lambda name: self._id_behind("models", name) == model_id)
        ids = {model_id, *(row.accelerator for row in rows if row.accelerator in self._shelf("accelerators"))}
        return tuple(row if ids >= {row.model, row.accelerator} else self._with_ids(row) for row in rows)

    def measurements_on(self, accelerator_id: str) -> tuple[Measurement, ...]:
        """Return the published results of one device, by id, without making those of others.

        They are the rows of `measurements` whose accelerator this is, by its id, name or aliases.
        """
        shelf = self._shelf("accelerators")
        if not self._measured.are_apart or accelerator_id not in shelf:
            return tuple(row for row in self.measurements if row.accelerator == accelerator_id)
        rows = map(self._with_ids, self._measured.on({accelerator_id, *shelf.names(accelerator_id)}))
        return tuple(row for row in rows if row.accelerator == accelerator_id)

    def measurements_by(self, bringer: str) -> tuple[Measurement, ...]:
        """Return the published results that one of `measurement_digests` brings, by id, without reading others'.

        They are as it states them, whatever higher levels say of the same rows.
        """
        return tuple(self._with_ids(row) for row in self._measured.by(bringer))

    def measurement_digests(self) -> dict[str, str]:
        """Return the digest of each distribution's measurements, the same for a wheel and an editable install.

        Folders and files that no distribution brings have their level's name.
        """
        return self._measured.digests()

    @property
    def grids_by_id(self) -> Mapping[str, Grid]:
        """Carbon intensities and electricity prices by id, each made when it is first asked for."""
        return self._shelf("grids")

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """Carbon intensities and electricity prices."""
        return tuple(self.grids_by_id.values())

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Published figures, with how to compute them."""
        return tuple(self._shelf("facts").values())

    @property
    def warnings(self) -> list[Warning_]:
        """What has been met so far: faults of plugins and files, conflicts, offers of unknown devices."""
        plugins = [Warning_("plugin", sentence) for sentence in self.host.problems]
        return [*plugins, *self._warnings]

    def require(self, *kinds: str) -> None:
        """Raise EmptyRegistryError where the registry holds no record of any of `kinds`; none named means all."""
        if any(len(self._shelf(kind)) for kind in kinds or FOLDER_OF):
            return
        if "offers" in (kinds or FOLDER_OF) and self.query("SELECT 1 FROM offers LIMIT 1").rows:
            return
        missing = " and no ".join(kinds) or "records"
        if self.settings.no_plugins:
            raise EmptyRegistryError(
                f"The registry holds no {missing}: plugins were left out.", fix="Leave --no-plugins out."
            )
        bringers = {
            "accelerators": "chipdex-nvidia",
            "offers": "chipdex-pricebook",
            "measurements": "chipdex-mlperf",
            "facts": "chipdex-facts",
        }
        bringer = bringers.get(missing, "chipdex-profiles")
        fix = f"Run `chipdex install {bringer}`, or `chipdex plugins doctor` if that is installed."
        raise EmptyRegistryError(f"The registry holds no {missing}: no plugin brings any.", fix=fix)

    def resolve(self, kind: str, name: str) -> str:
        """Return the id of the accelerator or model that `name` means.

        Raises UnknownIdError with near misses, AmbiguousNameError with every match.
        """
        return name if self._is_id(kind, name) else self._resolver(kind).resolve(name)

    def matches(self, kind: str, name: str) -> tuple[str, ...]:
        """Return every id that `name` may mean: one when it is clear, none when nothing is called so."""
        return (name,) if self._is_id(kind, name) else self._resolver(kind).matches(name)

    def origins(self, kind: str, record_id: str) -> "tuple[Said, ...]":
        """Return what each origin says of each figure of a record, the value that holds first."""
        shelf = self._shelf(kind)
        if record_id not in shelf:
            raise UnknownIdError(f'There is no record "{record_id}" among the {kind}.', fix="Give an exact id.")
        return shelf.said(record_id)

    def disputes(self, kind: str) -> "dict[str, tuple[Said, ...]]":
        """Return, by record, what origins say of the figures that they contradict each other on.

        A record that is left out because of that is among them.
        """
        return self._shelf(kind).disputes()

    @cached_property
    def tables(self) -> "Tables":
        """The registry as SQL tables, read-only."""
        from chipdex.catalog.query import Tables  # noqa: PLC0415 - sqlite3 is not needed to start

        return Tables(self._rows, self._attach_prices)

    def query(self, sql: str) -> "Result":
        """Return the columns and rows of one SELECT over the tables. Raises QueryError."""
        return self.tables.query(sql)

    def _attach_prices(self, database: "sqlite3.Connection") -> Path | None:
        """Attach the store of fetched prices; one that cannot be read is warned of, and list prices still answer."""
        from chipdex.prices.attaching import attach  # noqa: PLC0415 - only queries of offers need it

        if self._prices_are_unreadable:
            return None
        try:
            return attach(database, self.settings.prices_file)
        except StorageError as error:
            self.warn_of_prices(error)
            return None

    def warn_of_prices(self, error: StorageError) -> None:
        """Say once that the store of fetched prices cannot be read; strict settings make that fatal."""
        if self.settings.strict:
            raise error
        if not self._prices_are_unreadable:
            self._prices_are_unreadable = True
            self._warnings.add("prices", f"{error} Until then only list prices are known.")

    def _rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        from chipdex.catalog.tables import offer_row, row_of, source_rows  # noqa: PLC0415 - only queries need rows

        if table == "sources":
            for kind in FOLDER_OF:
                shelf = self._shelf(kind)
                for record_id in shelf:
                    yield from source_rows(record_id, shelf.data(record_id))
            return
        shelf = self._shelf(table)
        if table == "offers":
            data = [shelf.data(record_id) for record_id in shelf]
            devices = [self._id_behind("accelerators", offer["accelerator"]) for offer in data]
            self._warn_of_unknown_devices(devices)
            yield from map(offer_row, data, devices)
            return
        records = getattr(self, table)
        for record in records.values() if isinstance(records, Mapping) else records:
            yield row_of(table, record, shelf.distribution(record.id))

    def _shelf(self, kind: str) -> Shelf[Any]:
        if kind not in self._shelves:
            if kind not in FOLDER_OF:
                raise OptionError(f"There is no kind of record {kind!r}.", fix=f"Use one of {', '.join(FOLDER_OF)}.")
            self._shelves[kind] = Shelf(self._claims_of(kind), self.settings.prefer, self._warnings)
        return self._shelves[kind]

    def _claims_of(self, kind: str) -> "Iterator[Claim]":
        if kind == "measurements":
            yield from self._measured.claims()
        else:
            yield from self._claims[FOLDER_OF[kind]]
            yield from claims_of_code(self.host, kind)

    def _is_id(self, kind: str, name: str) -> bool:
        """Return whether `name` is an id as it stands: then nobody's names need be compared with it."""
        return kind in {"accelerators", "models"} and name in self._shelf(kind)

    def _resolver(self, kind: str) -> "Resolver":
        if kind == "accelerators":
            return self._devices_by_name
        if kind == "models":
            return self._models_by_name
        raise OptionError(f"Names of {kind} are not resolved.", fix="Use accelerators or models.")

    @cached_property
    def _devices_by_name(self) -> "Resolver":
        from chipdex.catalog.resolve import Entry, device_description, device_resolver  # noqa: PLC0415 - starts faster

        shelf = self._shelf("accelerators")

        def entry(record_id: str) -> "Entry":
            return Entry(
                id=record_id,
                names=shelf.names(record_id),
                describe=lambda: device_description(shelf.data(record_id)),
            )

        return device_resolver(map(entry, shelf))

    @cached_property
    def _models_by_name(self) -> "Resolver":
        from chipdex.catalog.resolve import Entry, model_resolver  # noqa: PLC0415 - starts faster

        shelf = self._shelf("models")
        return model_resolver(Entry(id=record_id, names=shelf.names(record_id)) for record_id in shelf)

    def _with_ids(self, row: Any) -> Any:
        """Return an offer or a measurement with the ids of what it names by another name."""
        changes = {}
        for field, kind in (("accelerator", "accelerators"), ("model", "models")):
            name = getattr(row, field, None)
            if name is not None and (known := self._id_behind(kind, name)) != name:
                changes[field] = known
        return attrs.evolve(row, **changes) if changes else row

    def _id_behind(self, kind: str, name: str) -> str:
        """Return the id of what `name` is another name of, and a name that nobody or several have as it is."""
        known = self._ids_behind.get((kind, name))
        if known is None:
            found = (name,) if name in self._shelf(kind) else self._resolver(kind).known_as(name)
            known = self._ids_behind[kind, name] = found[0] if len(found) == 1 else name
        return known
