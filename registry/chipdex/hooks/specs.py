"""The hooks: what a plugin may implement, each with a complete example.

A hook is plural, takes no argument, and yields frozen records of one type. It evolves by optional
parameters, which an implementation may leave out; it is never renamed.
"""

from collections.abc import Iterable
from typing import Any, Final

import pluggy

from chipdex.domain import Accelerator, Fact, Grid, Measurement, Model, Offer
from chipdex.hooks.records import Command, Estimator, LintRule, PricingSource, ProfileSource

PROJECT: Final = "chipdex"

hookimpl = pluggy.HookimplMarker(PROJECT)
hookspec = pluggy.HookspecMarker(PROJECT)


@hookspec
def chipdex_profile_sources() -> Iterable[ProfileSource]:
    """Yield folders of TOML profiles; nothing in them is parsed yet.

    A package that only holds profiles needs no code: the entry-point group `chipdex.profiles` names it.
    This hook is for a plugin that has both, or that chooses between folders.

    A complete plugin module::

        from chipdex.api import ProfileSource, hookimpl

        @hookimpl
        def chipdex_profile_sources():
            yield ProfileSource(package="acme_chips", folder="profiles/2026")
    """
    raise NotImplementedError


@hookspec
def chipdex_accelerators() -> Iterable[Accelerator]:
    """Yield accelerators that are generated or probed rather than written.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import Accelerator, Kind, Memory, Source, SourceKind, Status, hookimpl

        DATASHEET = Source(
            title="X100 datasheet rev 2",
            kind=SourceKind.VENDOR_DATASHEET,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/x100.pdf",
        )

        @hookimpl
        def chipdex_accelerators():
            for capacity_gb in (48, 96):
                yield Accelerator(
                    id=f"acme/x100-{capacity_gb}gb",
                    name=f"Acme X100 {capacity_gb} GB",
                    kind=Kind.GPU,
                    status=Status.SHIPPING,
                    memory=Memory(capacity_gb=capacity_gb),
                    sources={"ds": DATASHEET},
                    provenance={"memory.capacity_gb": ("ds",)},
                )
    """
    raise NotImplementedError


@hookspec
def chipdex_models() -> Iterable[Model]:
    """Yield models whose cost profile is generated.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import (
            Block, Decoder, DenseMlp, Family, FullAttention, Model, Source, SourceKind, hookimpl,
        )

        CONFIG = Source(
            title="acme-7b configuration",
            kind=SourceKind.VENDOR_DOCS,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/acme-7b/config.json",
        )

        @hookimpl
        def chipdex_models():
            layer = Block(
                count=32,
                mixer=FullAttention(heads=32, kv_heads=8, head_dim=128),
                mlp=DenseMlp(intermediate_size=14336),
            )
            yield Model(
                id="acme/acme-7b",
                name="Acme 7B",
                family=Family.DECODER,
                params=7.2e9,
                decoder=Decoder(hidden_size=4096, vocabulary=32000, block=(layer,)),
                sources={"config": CONFIG},
                provenance={"params": ("config",), "decoder": ("config",)},
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_measurements() -> Iterable[Measurement]:
    """Yield what somebody measured, with everything needed to compare it.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import Measurement, Scenario, Source, SourceKind, hookimpl

        RUN = Source(
            title="Acme X100 benchmark log",
            kind=SourceKind.BENCHMARK,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/x100-llama.log",
        )

        @hookimpl
        def chipdex_measurements():
            yield Measurement(
                id="acme/x100-llama-3.1-8b-offline",
                accelerator="acme/x100",
                count=1,
                model="meta/llama-3.1-8b",
                precision="fp8",
                scenario=Scenario.OFFLINE,
                input_tokens=1024,
                output_tokens=256,
                batch=128,
                metric="output_tokens_per_s",
                value=5120.0,
                unit="tokens/s",
                software="acme-serve 1.2",
                date=dt.date(2026, 10, 20),
                sources={"run": RUN},
                provenance={"": ("run",)},
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_offers() -> Iterable[Offer]:
    """Yield dated list prices; current prices are for `chipdex_pricing_sources`.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import Offer, Source, SourceKind, Term, hookimpl

        PRICE_LIST = Source(
            title="Acme Cloud price list",
            kind=SourceKind.VENDOR_DOCS,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/prices",
        )

        @hookimpl
        def chipdex_offers():
            yield Offer(
                id="acme-cloud/x100.8xlarge/eu-1/on-demand/acme-x100",
                provider="acme-cloud",
                instance="x100.8xlarge",
                accelerator="acme/x100",
                count=8,
                region="eu-1",
                term=Term.ON_DEMAND,
                usd_per_hour=16.0,
                as_of=dt.date(2026, 11, 1),
                sources={"list": PRICE_LIST},
                provenance={"": ("list",)},
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_grids() -> Iterable[Grid]:
    """Yield carbon intensities and electricity prices of regions.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import Grid, Source, SourceKind, hookimpl

        REPORT = Source(
            title="Acme Grid annual report",
            kind=SourceKind.VENDOR_DOCS,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/grid-2025",
        )

        @hookimpl
        def chipdex_grids():
            yield Grid(
                id="acme-cloud/eu-1/2025",
                provider="acme-cloud",
                region="eu-1",
                year=2025,
                g_per_kwh=120.0,
                usd_per_kwh=0.11,
                sources={"report": REPORT},
                provenance={"": ("report",)},
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_facts() -> Iterable[Fact]:
    """Yield published figures, each with how to compute it, or with what that needs.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import Evidence, Fact, Source, SourceKind, hookimpl

        STUDY = Source(
            title="Acme study of on-premise servers",
            kind=SourceKind.PAPER,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/study.pdf",
        )

        @hookimpl
        def chipdex_facts():
            yield Fact(
                id="acme/server-pays-2026",
                topic="capex-opex",
                statement="Hours of use after which buying the server has paid",
                published="2026-10",
                value=2500.0,
                unit="h",
                tolerance_fraction=0.01,
                evidence=Evidence.PRIMARY,
                quantity="break_even_hours",
                inputs={"capex_usd": 200000.0, "rent_usd_per_hour": 85.0, "own_usd_per_hour": 5.0},
                sources={"study": STUDY},
                provenance={"": ("study",)},
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_pricing_sources() -> Iterable[PricingSource]:
    """Yield fetchers of current prices; each is called only when prices are refreshed.

    A complete plugin module::

        import datetime as dt

        from chipdex.api import Offer, OfferState, PricingSource, Source, SourceKind, Term, hookimpl

        ADDRESS = "https://example.com/prices.json"

        def fetch(context):
            context.progress("Acme Cloud: price list")
            answer = context.session.get(ADDRESS, headers={"X-Key": context.settings["ACME_KEY"]})
            answer.raise_for_status()
            now = context.clock()
            source = Source(
                title="Acme Cloud prices", kind=SourceKind.VENDOR_DOCS, retrieved=now.date(), url=ADDRESS
            )
            for row in answer.json():
                yield Offer(
                    id=f"acme-cloud/{row['sku']}/{row['region']}/on-demand/acme-x100",
                    provider="acme-cloud",
                    instance=row["sku"],
                    accelerator="acme/x100",
                    count=row["chips"],
                    region=row["region"],
                    term=Term.ON_DEMAND,
                    usd_per_hour=row["usd_per_hour"],
                    as_of=now.date(),
                    fetched_at=now,
                    state=OfferState.OK,
                    sources={"api": source},
                    provenance={"": ("api",)},
                )

        @hookimpl
        def chipdex_pricing_sources():
            yield PricingSource(
                name="acme-cloud",
                fetch=fetch,
                max_age=dt.timedelta(days=1),
                needs_env=("ACME_KEY",),
                terms="Prices may be stored and shown with their date.",
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_estimators() -> Iterable[Estimator]:
    """Yield estimators for a class of workload or hardware that has none.

    A complete plugin module::

        from chipdex.api import Estimator, batch_performance, hookimpl

        MACS_PER_S = 2e12

        def applies(model, accelerator):
            return accelerator.id == "acme/dataflow-1" and bool(model.stage)

        def estimate(deployments, batch, load):
            macs = sum(stage.macs * stage.items * stage.runs for stage in deployments.model.stage)
            return batch_performance(deployments, batch, seconds=batch * macs / MACS_PER_S, power_w=0.5)

        @hookimpl
        def chipdex_estimators():
            yield Estimator(name="acme-dataflow", applies=applies, estimate=estimate)
    """
    raise NotImplementedError


@hookspec
def chipdex_lint_rules() -> Iterable[LintRule]:
    """Yield plausibility checks for profiles.

    `check` looks at one record; `compare` also takes everything that is known, to compare it with its peers.

    A complete plugin module::

        from chipdex.api import Accelerator, LintFinding, LintRule, hookimpl

        def has_memory(record):
            if record.vendor == "acme" and record.memory.capacity_gb == 0:
                yield LintFinding("is 0, and every Acme device has memory of its own.", key="memory.capacity_gb")

        def draws_as_its_siblings(record, registry):
            others = [
                other.power.tdp_w
                for other in registry.accelerators.values()
                if other.vendor == record.vendor == "acme" and other.id != record.id and other.power.tdp_w
            ]
            tdp_w = record.power.tdp_w
            if others and tdp_w and tdp_w > 2 * max(others):
                yield LintFinding(f"is {tdp_w:g}, twice what any other Acme device draws.", key="power.tdp_w")

        @hookimpl
        def chipdex_lint_rules():
            yield LintRule(
                id="acme-memory",
                about=(Accelerator,),
                check=has_memory,
                finds="An Acme device without memory.",
                help="Write what the datasheet gives.",
            )
            yield LintRule(
                id="acme-power",
                about=(Accelerator,),
                compare=draws_as_its_siblings,
                finds="An Acme device that draws far more than its siblings.",
                help="Write the power of the board, not that of the node.",
            )
    """
    raise NotImplementedError


@hookspec
def chipdex_commands() -> Iterable[Command]:
    """Yield new verbs of the command line; built-in verbs come first.

    A complete plugin module::

        import click

        from chipdex.api import Command, hookimpl

        @click.command()
        def hello():
            click.echo("hello from acme")

        @hookimpl
        def chipdex_commands():
            yield Command(name="acme-hello", help="Say hello.", target="acme_chips.plugin:hello")
    """
    raise NotImplementedError


YIELDS: Final[dict[str, type[Any]]] = {
    "chipdex_profile_sources": ProfileSource,
    "chipdex_accelerators": Accelerator,
    "chipdex_models": Model,
    "chipdex_measurements": Measurement,
    "chipdex_offers": Offer,
    "chipdex_grids": Grid,
    "chipdex_facts": Fact,
    "chipdex_pricing_sources": PricingSource,
    "chipdex_estimators": Estimator,
    "chipdex_lint_rules": LintRule,
    "chipdex_commands": Command,
}
"""Hook -> the type of what it yields."""
