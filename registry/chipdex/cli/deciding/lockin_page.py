"""The page and the JSON of `lockin`: each answer, and of what is not answered which input it lacks."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from chipdex.cli.render import UNKNOWN, Column, Table, counted, usd
from chipdex.cli.report import Section
from chipdex.cli.words import NOISE, figure, percent
from chipdex.economics.inputs import Inputs
from chipdex.economics.vendors.concentration import Concentration
from chipdex.economics.vendors.lockin import Lockin

if TYPE_CHECKING:
    from chipdex.economics.vendors.alternatives import Alternatives

MARGIN_USD: Final = "what the closed option is worth more than the open one, in USD over the horizon"
MARGIN_SHARE: Final = "the discount that the closed option must give, as a share of the open bill"
PARTS: Final = ("engineers", "re-tuning", "requalifying", "dual running", "egress", "stranded capex")

_NAMES: Final[Mapping[str, str]] = {
    "switching_usd": "the switching cost",
    "discount": "the discount",
    "npv_usd": "what the closed option is worth",
    "right_to_switch_usd": "the worth of the right to switch",
}
_PARTS: Final = (Column(key="part"), Column(key="usd", header="USD", right=True, show=usd))
_SPENDS: Final = (Column(key="vendor"), Column(key="share", right=True, show=percent))
_VENDORS: Final = (
    Column(key="vendor"),
    Column(key="devices", right=True, importance=3),
    Column(key="cheapest"),
    Column(key="precision", importance=2),
    Column(key="usd_per_million", header="USD/M", right=True, show=usd),
    Column(key="usd_per_month", header="USD/month", right=True, show=usd),
    Column(
        key="times_cheapest", header="of the cheapest", right=True, importance=1, show=lambda times: f"{times:.2f}x"
    ),
    Column(key="pay", importance=2),
    Column(key="basis", importance=3),
    Column(key="software", header="its software", shrink=True, importance=1),
)
_STACKS: Final = (
    Column(key="software"),
    Column(key="devices", right=True),
    Column(key="vendors", shrink=True),
)


def body(found: Lockin, spread: Concentration | None, near: "Alternatives | None") -> dict[str, Any]:
    """Return the answers as JSON carries them; null is not answered, for the reason in `unanswered`."""
    return {
        "verdict": found.verdict,
        "discount": found.discount,
        "discount_offered": found.discount_offered,
        "npv_usd": found.npv_usd,
        "switching_usd": found.switching_usd,
        "switching_parts": dict(found.parts),
        "right_to_switch_usd": found.right_to_switch_usd,
        "right_to_switch_share": found.right_to_switch_share,
        "hhi": None if spread is None else spread.hhi,
        "equal_vendors": None if spread is None else spread.equal_vendors,
        "spend_usd": None if spread is None else spread.usd,
        "spend_shares": None if spread is None else dict(spread.shares),
        "alternatives": None if near is None else _alternatives_json(near),
        "unanswered": dict(found.unanswered),
    }


def _alternatives_json(near: "Alternatives") -> dict[str, Any]:
    return {
        "within": near.within,
        "portable_share": near.portable_share,
        "measured_portable_share": near.measured_portable_share,
        "vendors": [{"vendor": one.cheapest.vendor, "devices": one.devices} for one in near.vendors],
        "software": [attrs.asdict(one) for one in near.stacks],
        "deployments": [attrs.asdict(one) for one in near.found],
    }


def sections(
    inputs: Inputs, found: Lockin, spread: Concentration | None, near: "Alternatives | None", asked: str = ""
) -> Iterator[Section]:
    """Yield the answers for readers; `asked` is the question that the alternatives answer."""
    if found.parts or found.right_to_switch_usd is not None or (spread is None and near is None):
        rows = [{"part": part, "usd": cost} for part, cost in found.parts.items()]
        yield Section(lines=list(_lines(inputs, found)), table=Table(columns=_PARTS, rows=rows) if rows else None)
    if spread is not None:
        yield _of_spend(spread)
    if near is not None:
        yield from _of_alternatives(near, asked)


def _lines(inputs: Inputs, found: Lockin) -> Iterator[str]:
    if found.discount is not None:
        years = inputs["horizon_years"]
        yield f"{needed(found.discount)} over {years:g} {'year' if years == 1.0 else 'years'}."
    if found.npv_usd is not None and found.discount_offered is not None:
        yield f"{_offered(found.discount_offered)}, it is worth {_worth(found.npv_usd)}: take the {found.verdict} one."
    if found.switching_usd is not None:
        yield f"Leaving costs {usd(found.switching_usd)} USD."
    if found.right_to_switch_usd is not None:
        of_bill = "" if found.right_to_switch_share is None else f", {percent(found.right_to_switch_share)} of them"
        yield f"The right to move the bills at no cost is worth {usd(found.right_to_switch_usd)} USD{of_bill}."
    for key, lacking in found.unanswered.items():
        yield f"Not answered: {_NAMES[key]}; it needs {lacking}."


def needed(discount: float) -> str:
    """Return what the bill of a closed option must be beside the open one, `discount` being a share of that."""
    if discount > 1.0:
        return f"No discount is enough: a closed option must be {percent(discount)} cheaper than the open one"
    if discount < -NOISE:
        return f"A closed option may be up to {percent(-discount)} dearer than the open one"
    return f"A closed option must be {percent(discount)} cheaper than the open one"


def _offered(discount: float) -> str:
    if abs(discount) < NOISE:
        return "At the same bill"
    return f"At the {percent(abs(discount))} that it is {'cheaper' if discount > 0.0 else 'dearer'}"


def _worth(npv_usd: float) -> str:
    if usd(npv_usd) == usd(0.0):
        return "as much as the open one"
    return f"{usd(abs(npv_usd))} USD {'more' if npv_usd > 0.0 else 'less'} than the open one"


def _of_spend(spread: Concentration) -> Section:
    rows = [{"vendor": vendor, "share": share} for vendor, share in spread.shares.items()]
    told = (
        f"Spend of {usd(spread.usd)} USD: index of concentration (HHI) {figure(spread.hhi)}, as of "
        f"{figure(spread.equal_vendors)} equal vendors."
    )
    return Section(heading="By vendor", lines=(told,), table=Table(columns=_SPENDS, rows=rows))


def _of_alternatives(near: "Alternatives", asked: str) -> Iterator[Section]:
    told = f"Within {percent(near.within)} of the cheapest: {counted(len(near.found), 'device')}"
    of_vendors = counted(len(near.vendors), "vendor")
    lines = [asked, f"{told} of {of_vendors}." if near.found else "Nothing that satisfies these limits has a price."]
    if near.portable_share is not None:
        shared = percent(near.portable_share)
        lines.append(f"Of their pairs of format and software, {shared} run on a second vendor's devices too.")
    of_measured = near.measured_portable_share
    if near.found:
        lines.append(
            f"Of measured ones: {'unknown, none is measured' if of_measured is None else percent(of_measured)}."
        )
    yield Section(heading="Alternatives", lines=lines, table=_vendor_table(near) if near.found else None)
    if near.stacks:
        rows = [
            {"software": one.name or UNKNOWN, "devices": one.devices, "vendors": list(one.vendors)}
            for one in near.stacks
        ]
        yield Section(heading="Software of the alternatives", table=Table(columns=_STACKS, rows=rows))


def _vendor_table(near: "Alternatives") -> Table:
    rows = [
        {
            **attrs.asdict(one.cheapest),
            "devices": one.devices,
            "cheapest": f"{one.cheapest.count} x {one.cheapest.accelerator}",
        }
        for one in near.vendors
    ]
    columns = [one for one in _VENDORS if one.key != "usd_per_month" or near.found[0].usd_per_month is not None]
    return Table(columns=columns, rows=rows)
