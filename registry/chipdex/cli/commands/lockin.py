"""`chipdex lockin`: what a closed option must give for being stuck with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.deciding import lockin_page
from chipdex.cli.deciding.idle import idle_options
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.deciding.ranked import OWNED, ranking
from chipdex.cli.numbers import Number
from chipdex.cli.options import choice_option, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.questions import model_of, workload_of, workload_options
from chipdex.cli.report import Report
from chipdex.cli.session import Session, Warned
from chipdex.cli.words import question
from chipdex.domain import Term
from chipdex.economics.inputs import Inputs, settled
from chipdex.economics.vendors.concentration import Concentration, concentration, read_spends, stated_spend
from chipdex.economics.vendors.lockin import PARAMETERS, Lockin, entering, lockin, verdict
from chipdex.errors import InfeasibleError, OptionError

if TYPE_CHECKING:
    from chipdex.economics.vendors.alternatives import Alternatives
    from chipdex.search.result import BestAnswer

_WITHIN: Final = 20.0
_PERCENT: Final = Number(low=0, high=10_000)
_OF_PRICES: Final = frozenset({"means_only", "bids", "host_not_included"})
_BILLS: Final = "it needs --open-usd-per-year, --leave-probability and what leaving costs"
_NEEDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("open_decline", "closed_decline", "horizon_years", "discount_rate", "leave_years"), _BILLS),
    **dict.fromkeys(("open_usd_per_year", "closed_usd_per_year", "leave_probability"), _BILLS),
    "egress_usd_per_gb": "it needs --egress-gb",
    "resale_share": "it needs --stranded-capex-usd",
    "volatility": "it needs both bills, or --stay-usd and --move-usd",
}
"""Input -> what it needs to count."""

_OWN: Final = frozenset(one.key for one in PARAMETERS)


@click.command("lockin")
@click.argument("model", required=False)
@number_option("--within", _PERCENT, "PERCENT", f"How much dearer an alternative may be.  [default: {_WITHIN:g}]")
@click.option("--precision", metavar="P,...", help="Formats of MODEL's weights to try.")
@choice_option("--term", Term, "How the alternatives are paid for")
@click.option("--spend", multiple=True, metavar="VENDOR=USD", help="What is spent with a vendor; may be repeated.")
@click.option("--spend-csv", type=click.Path(path_type=Path), metavar="FILE", help="The same from columns vendor, usd.")
@workload_options
@decision_options(PARAMETERS)
@click.pass_obj
def lockin_command(
    session: Session,
    /,
    model: str | None,
    within: float | None,
    precision: str | None,
    term: str | None,
    spend: Sequence[str],
    spend_csv: Path | None,
    inputs: Path | None,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> int:
    """Say what discount a closed option must give for being stuck with it.

    Its inputs say what leaving costs and how likely that is; --spend how much hangs on one vendor; MODEL which
    other vendors' hardware would run it for about the same money. What is not given is not answered. Exit status 1:
    nothing runs MODEL within the limits at a known price.
    """
    ready(plot)
    asked = {key: value for key, value in options.items() if key not in _OWN}
    _only_with_model(model, {"within": within, "precision": precision, "term": term, **asked})
    (weighing,) = weighed(session, inputs=inputs, **options)
    used = weighing.inputs
    found = lockin(used)
    spends = [*map(stated_spend, spend), *([] if spend_csv is None else read_spends(spend_csv))]
    spread = concentration(spends) if spends else None
    share = (_WITHIN if within is None else within) / 100.0
    answer = (
        None
        if model is None
        else ranking(session, model, workload=workload_of(asked), precision=precision, term=term, within=share)
    )
    near = None if answer is None else _near(session, answer, share)
    _something(found, spread, near)
    moved = weighing.swings() if sensitivity else []
    if plot is not None:
        from chipdex.cli.deciding.lockin_picture import lockin_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(lockin_chart(used, found, spread, near), plot)
        streams.say(f"Drew {plot}.")
    meant = "" if model is None or answer is None else _question(session, model, answer)
    report = _report(weighing, found, spread, near, answer, moved, asked=meant, sensitivity=sensitivity)
    report.publish(session, output)
    return InfeasibleError.exit_code if near is not None and not near.found else 0


def weighed(_: Session, /, *, inputs: Path | None, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: whether the closed option is worth more than the open one."""
    used = settled(PARAMETERS, *stated(PARAMETERS, options, inputs))
    judged = lockin(used).npv_usd is not None
    margin = lockin_page.MARGIN_USD if judged else lockin_page.MARGIN_SHARE
    return (Weighed(inputs=used, judge=verdict, margin=margin, one_sided=not judged),)


def _report(
    weighing: Weighed,
    found: Lockin,
    spread: Concentration | None,
    near: "Alternatives | None",
    answer: "BestAnswer | None",
    moved: Sequence[Any],
    *,
    asked: str,
    sensitivity: bool,
) -> Report:
    used = weighing.inputs
    body = lockin_page.body(found, spread, near) | {"inputs": entering(used).as_rows()}
    flat = {key: value for key, value in body.items() if not isinstance(value, (dict, list, tuple))}
    return Report(
        schema="lockin@1",
        body=body | ({"sensitivity": [*map(swing_json, moved)]} if sensitivity else {}),
        keys=list(flat),
        rows=[flat],
        sections=(
            *lockin_page.sections(used, found, spread, near, asked),
            *([inputs_section(entering(used))] if _is_used(found) else []),
            *((swings_section(moved, weighing.margin),) if sensitivity else ()),
        ),
        warnings=[*_warnings(used, found), *idle_options(used, lockin, _NEEDS), *_of_ranking(answer, near)],
    )


def _of_ranking(answer: "BestAnswer | None", near: "Alternatives | None") -> list[Warned]:
    """Return what a reader must know of the prices and the speeds: what the ranking says of both."""
    if answer is None or near is None:
        return []
    found = [dict(one) for one in answer.warnings if one["code"] in _OF_PRICES]
    if any(one.pay == "buy" for one in near.found):
        sentence = f"{OWNED} --term on-demand compares rents alone."
        found.append({"code": "owned", "sentence": sentence})
    return found


def _only_with_model(model: str | None, asked: dict[str, Any]) -> None:
    for key, value in asked.items():
        if model is None and value is not None:
            option = "--" + key.replace("_", "-")
            raise OptionError(f"{option} was given without MODEL.", fix="Name the model that has to run.")


def _question(session: Session, model: str, answer: "BestAnswer") -> str:
    return question(answer.query, inference=model_of(session, model).inference)


def _near(session: Session, answer: "BestAnswer", within: float) -> "Alternatives":
    from chipdex.economics.vendors.alternatives import alternatives  # noqa: PLC0415 - numpy comes with it

    return alternatives(answer, session.registry.accelerators, within)


def _is_used(found: Lockin) -> bool:
    return bool(found.parts) or found.right_to_switch_usd is not None


def _something(found: Lockin, spread: Concentration | None, near: "Alternatives | None") -> None:
    """Raise OptionError where nothing that was given answers anything."""
    if not _is_used(found) and spread is None and near is None:
        raise OptionError(
            "Nothing given says anything of being locked in.",
            fix="Give --open-usd-per-year, --leave-probability and what leaving costs (--engineer-months and "
            "--usd-per-engineer-month), or --spend VENDOR=USD, or MODEL.",
        )


def _warnings(used: Inputs, found: Lockin) -> list[Warned]:
    sentences = {}
    left = [name for name in lockin_page.PARTS if name not in found.parts]
    if found.parts and left:
        sentences["left_out"] = f"Left out of the switching cost, because no input says it: {', '.join(left)}."
    early = used.get("leave_years", used["horizon_years"]) < used["horizon_years"]
    if found.discount is not None and early and used["leave_probability"]:
        sentences["bills_as_closed"] = (
            "Bills after --leave-years are the closed option's even where it is left: only what leaving costs is added."
        )
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]
