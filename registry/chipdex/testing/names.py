"""What must hold of names: each leads to the record that was meant, and none to two."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from chipdex.catalog import Registry
from chipdex.domain import Accelerator, Record
from chipdex.ids import normal_form


def names_of(record: Record) -> tuple[str, ...]:
    """Return a record's id, name and aliases."""
    name = getattr(record, "name", None)
    return (record.id, *([name] if name else []), *record.aliases)


def name_clashes(kinds: Iterable[Mapping[str, Record]]) -> Iterator[str]:
    """Yield a sentence for each name that two records of one kind have, spacing and case aside."""
    for records in kinds:
        owners: dict[str, set[str]] = defaultdict(set)
        for record in records.values():
            for name in names_of(record):
                owners[normal_form(name)].add(record.id)
        for name, ids in owners.items():
            if len(ids) > 1:
                yield f'{" and ".join(sorted(ids))} are both called "{name}". Take the alias from all but one.'


def unresolved(registry: Registry, name: str, expected: str) -> Iterator[str]:
    """Yield a sentence where a name does not lead to the device or model that was meant."""
    kind = kind_of(registry, expected)
    if kind is None:
        yield f'"{name}" should mean {expected}, and the plugin brings no such device or model.'
        return
    found = registry.matches(kind, name)
    if found != (expected,):
        yield f'"{name}" should mean {expected}, and means {" or ".join(found) or "nothing"}. Add it to its aliases.'


def unambiguous(registry: Registry, name: str) -> Iterator[str]:
    """Yield a sentence where a name that several devices or models share does not list them."""
    if max(len(registry.matches(kind, name)) for kind in ("accelerators", "models")) < 2:  # noqa: PLR2004 - several
        yield f'"{name}" should list several devices or models, and does not.'


def kind_of(registry: Registry, record_id: str) -> str | None:
    """Return the kind of record that an id belongs to, of those that have names."""
    if record_id in registry.accelerators:
        return "accelerators"
    return "models" if record_id in registry.models else None


def of_status(devices: Mapping[str, Accelerator], ids: Iterable[str], status: str) -> Iterator[str]:
    """Yield a sentence for each id whose device is not of the status."""
    for device_id in ids:
        if device_id not in devices:
            yield f"{device_id} should be {status}, and the plugin brings no such device."
        elif devices[device_id].status != status:
            yield f'{device_id}: status is "{devices[device_id].status}", and it is {status}.'
