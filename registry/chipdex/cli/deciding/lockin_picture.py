"""The picture of being locked in: the discount by the chance of leaving, the way out, vendors, what it hangs on."""

from typing import TYPE_CHECKING, Any, Final

from chipdex.cli.deciding.lockin_page import needed
from chipdex.cli.deciding.panels import SIDE, amounts, bars, tornado
from chipdex.cli.pictures import BLUE, GREEN, GREY, ORANGE, VERMILLION, altair, titled
from chipdex.economics.inputs import Inputs
from chipdex.economics.sensitivity import swings
from chipdex.economics.vendors.concentration import Concentration
from chipdex.economics.vendors.lockin import Lockin, lockin, verdict
from chipdex.errors import InfeasibleError

if TYPE_CHECKING:
    from chipdex.economics.vendors.alternatives import Alternatives

_POINTS: Final = 20


def lockin_chart(inputs: Inputs, found: Lockin, spread: Concentration | None, near: "Alternatives | None") -> Any:
    """Return the picture: a panel for each answer that there is. Raises InfeasibleError where none has a panel."""
    alt = altair()
    left = [_discounts(alt, inputs, found)] if found.discount is not None else []
    right = []
    if found.parts:
        right.append(bars(alt, found.parts, "USD", "What leaving costs", ORANGE))
    if spread is not None:
        shares = {vendor: 100.0 * share for vendor, share in spread.shares.items()}
        left.append(bars(alt, shares, "% of the spend", f"Spend by vendor: HHI {spread.hhi:.3g}", GREEN))
    if near is not None and near.found:
        by_month = near.found[0].usd_per_month is not None
        prices = {one.cheapest.vendor: one.cheapest.usd for one in near.vendors}
        title = f"Cheapest of each vendor within {100 * near.within:g} %"
        right.append(bars(alt, prices, "USD a month" if by_month else "USD per million", title, BLUE))
    if found.discount is not None:
        outcome = verdict(inputs)
        across = "discount needed, as a share" if found.npv_usd is None else "USD that closed is worth more than open"
        right.append(tornado(alt, outcome.margin, swings(verdict, inputs), across))
    if not left and not right:
        raise InfeasibleError(
            "There is nothing to draw: no discount, no cost of leaving, no spend and no alternatives are known.",
            fix="See the answer without --plot.",
        )
    columns = [alt.vconcat(*panels, spacing=30) for panels in (left, right) if panels]
    both = alt.hconcat(*columns, spacing=40).resolve_scale(color="independent")
    return titled(both, "Locked in", _told(found), width=len(columns) * (SIDE + 160))


def _told(found: Lockin) -> str:
    told = []
    if found.discount is not None:
        told.append(f"{needed(found.discount)}.")
    if found.right_to_switch_usd is not None:
        told.append(f"The right to move the bills at no cost is worth {found.right_to_switch_usd:,.0f} USD.")
    return " ".join(told) or "What is known of the vendors."


def _discounts(alt: Any, inputs: Inputs, found: Lockin) -> Any:
    """Return the line of the discount needed by the chance of leaving, with the one given and the one offered."""
    rows = []
    for step in range(_POINTS + 1):
        chance = step / _POINTS
        needed = lockin(inputs.replaced(leave_probability=chance)).discount or 0.0
        rows.append({"chance": 100.0 * chance, "discount": 100.0 * needed})
    across = alt.X("chance:Q", title="chance that the closed option is left (%)", scale=alt.Scale(domain=[0, 100]))
    up = alt.Y("discount:Q", title="discount that it must give (%)", axis=amounts(alt))
    here = [{"chance": 100.0 * inputs["leave_probability"], "discount": 100.0 * (found.discount or 0.0)}]
    layers = [
        alt.Chart(alt.Data(values=rows)).mark_line(color=BLUE, strokeWidth=2.5).encode(x=across, y=up),
        alt.Chart(alt.Data(values=here)).mark_point(color=BLUE, filled=True, size=90).encode(x=across, y=up),
    ]
    if found.discount_offered is not None:
        offered = [{"discount": 100.0 * found.discount_offered, "told": "offered", "chance": 1.0}]
        rule = alt.Chart(alt.Data(values=offered))
        layers.append(rule.mark_rule(strokeDash=[4, 4], color=VERMILLION).encode(y=up))
        layers.append(
            rule.mark_text(align="left", dy=-7, color=GREY, fontSize=12).encode(x=across, y=up, text="told:N")
        )
    return alt.layer(*layers).properties(width=SIDE, height=SIDE - 120, title="Discount needed")
