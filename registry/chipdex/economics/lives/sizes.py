"""Train smaller and longer: models of the same loss, each with what training and serving it comes to."""

import math
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs
from chipdex.economics.lives.scaling import FITTED_PARAMS, FITTED_TOKENS, Fit, serve_flop, train_flop
from chipdex.economics.lives.spending import DAYS_PER_YEAR, Stream, continuous
from chipdex.errors import InfeasibleError
from chipdex.values import Value

_SECONDS_PER_HOUR: Final = 3600.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Prices(Value):
    """USD per operation of training and of serving."""

    train: float
    serve: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Size(Value):
    """A model of `params` trained on `tokens`, serving `served_tokens`: operations, and USD where prices are known.

    `tokens` are infinite where the model is too small for the loss.
    """

    params: float
    tokens: float
    served_tokens: float
    prices: Prices | None = None

    @property
    def train_flop(self) -> float:
        """Operations of training."""
        return train_flop(self.params, self.tokens)

    @property
    def serve_flop(self) -> float:
        """Operations of serving."""
        return serve_flop(self.params, self.served_tokens)

    @property
    def flop(self) -> float:
        """Operations of both."""
        return self.train_flop + self.serve_flop

    @property
    def usd(self) -> float | None:
        """USD of both."""
        if self.prices is None:
            return None
        return self.train_flop * self.prices.train + self.serve_flop * self.prices.serve

    @property
    def within_fit(self) -> bool:
        """Whether it lies among the models that Chinchilla's fit was made from."""
        ranges = ((self.params, FITTED_PARAMS), (self.tokens, FITTED_TOKENS))
        return all(low <= value <= high for value, (low, high) in ranges)

    def saves(self, model: "Size") -> tuple[float, float | None]:
        """Return which share of the operations, and of the USD, of `model` this one saves."""
        usd = None if self.usd is None or model.usd is None else 1.0 - self.usd / model.usd
        return 1.0 - self.flop / model.flop, usd


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Sizes(Value):
    """Models of one loss, in nats per token: the one that was asked of, and `other`, where one was named."""

    fit: Fit
    floor: float
    model: Size
    other: Size | None

    @property
    def excess(self) -> float:
        """The loss above the fit's floor."""
        return self.fit.excess(self.model.params, self.model.tokens)

    @property
    def loss(self) -> float:
        """The loss of all of them."""
        return self.floor + self.excess

    @property
    def best(self) -> Size:
        """The one of fewest operations. Raises InfeasibleError where no number holds its tokens."""
        return self.size(*self.fit.cheapest(self.excess, self.model.served_tokens))

    @property
    def best_usd(self) -> Size | None:
        """The one of fewest USD; None where prices are not known. Raises as `best` does."""
        prices = self.model.prices
        if prices is None:
            return None
        return self.size(*self.fit.cheapest(self.excess, self.model.served_tokens, prices.serve / prices.train))

    @property
    def ratio(self) -> float:
        """The cost of the model over that of the other one, less 1: in USD where prices are known, else in FLOP."""
        if self.other is None:
            return 0.0
        if self.model.usd is not None and self.other.usd is not None:
            return self.model.usd / self.other.usd - 1.0
        return self.model.flop / self.other.flop - 1.0

    def at(self, params: float) -> Size:
        """Return the model of so many parameters that has this loss."""
        return self.size(params, self.fit.tokens(params, self.excess))

    def size(self, params: float, tokens: float) -> Size:
        """Return a model that serves as many tokens, at the same prices."""
        return Size(params=params, tokens=tokens, served_tokens=self.model.served_tokens, prices=self.model.prices)

    @property
    def named(self) -> dict[str, Size]:
        """What each model is called, in the order in which they are told."""
        models = {"the model": self.model, "the other": self.other}
        models |= {"fewest FLOP": self.best, "fewest USD": self.best_usd}
        return {name: one for name, one in models.items() if one is not None}

    def check(self) -> None:
        """Raise InfeasibleError where the other model is too small for the loss, or sums are beyond all numbers."""
        if self.other is not None and math.isinf(self.other.tokens):
            least = self.fit.least_params(self.excess) / 1e9
            raise InfeasibleError(
                f"A model of {self.other.params / 1e9:g} billion parameters reaches no loss of {self.loss:.4g}.",
                fix=f"Give --other-params-b above {least:.4g}.",
            )
        if not all(math.isfinite(one.flop) and math.isfinite(one.usd or 0.0) for one in self.named.values()):
            raise InfeasibleError("The sums are beyond what numbers hold.", fix="Give fewer tokens or parameters.")


def sizes(inputs: Inputs) -> Sizes | None:
    """Return models of the loss that the one asked of has; None where its size or what it serves is not known."""
    served = served_tokens(inputs)
    if "params_b" not in inputs or served is None:
        return None
    fit = Fit(size=inputs["fit_a"], data=inputs["fit_b"], alpha=inputs["fit_alpha"], beta=inputs["fit_beta"])
    params = inputs["params_b"] * 1e9
    tokens = inputs["train_tokens_b"] * 1e9 if "train_tokens_b" in inputs else fit.balanced_tokens(params)
    model = Size(params=params, tokens=tokens, served_tokens=served, prices=_prices(inputs))
    found = Sizes(fit=fit, floor=inputs["fit_floor"], model=model, other=None)
    if "other_params_b" not in inputs:
        return found
    return attrs.evolve(found, other=found.at(inputs["other_params_b"] * 1e9))


def served_tokens(inputs: Inputs) -> float | None:
    """Return the tokens of the life: as given, or those of its requests, cached ones not computed again."""
    if "serve_tokens_b" in inputs:
        return inputs["serve_tokens_b"] * 1e9
    if any(key not in inputs for key in ("requests_per_day", "input_tokens", "output_tokens")):
        return None
    demand = Stream(first=inputs["requests_per_day"], fall=-continuous(inputs["demand_growth"]))
    each = inputs["input_tokens"] * (1.0 - inputs["cached_share"]) + inputs["output_tokens"]
    return demand.until(inputs["life_years"] * DAYS_PER_YEAR) * each


def usd_per_flop(inputs: Inputs, what: str) -> float | None:
    """Return what an operation of "train" or "serve" costs: the price of an hour over what is achieved in it."""
    own = "serve_" if what == "serve" else ""
    usd = inputs.get(f"{own}usd_per_hour", inputs.get("usd_per_hour"))
    tflops = inputs.get(f"{own}peak_tflops", inputs.get("peak_tflops"))
    mfu = inputs.get(f"{what}_mfu")
    if usd is None or tflops is None or mfu is None:
        return None
    return usd / (_SECONDS_PER_HOUR * tflops * 1e12 * mfu)


def _prices(inputs: Inputs) -> Prices | None:
    train, serve = usd_per_flop(inputs, "train"), usd_per_flop(inputs, "serve")
    return None if train is None or serve is None else Prices(train=train, serve=serve)
