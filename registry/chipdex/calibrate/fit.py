"""The fit of effects: partial pooling of residuals over crossed levels, and exact leave-group-out residuals.

y = sum of one effect per kind of level + age + noise, each effect drawn from N(0, variance of its kind). This is
best linear unbiased prediction with a covariance that counts the levels two cells share. The variances are those
under which devices and models that were held out are predicted best.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.estimate.effects import Point, levels
from chipdex.estimate.operation import Array
from chipdex.estimate.stacks import TUNED
from chipdex.values import Value

Codes = Mapping[str, NDArray[np.int64]]

AGE: Final = "age"
NOISE: Final = "noise"
_START: Final = 0.003
_START_NOISE: Final = 0.03
_START_AGE: Final = 0.05
"""A fifth in a year either way: published best results of a language model rose 44 % in one year on the same chip."""
_STEPS: Final = (1 / 4, 4.0, 1 / 16, 16.0)
_SMALLEST, _LARGEST = 1e-5, 0.5
_SWEEPS: Final = 3
_GAIN: Final = 2e-4
"""What a step of a variance must take off the score: less is chance."""
_ALONE: Final = 10
"""Rows of one device, stack and quantity that count fully; more of them share that weight: they were run together."""
_USUAL: Final = 0.4
"""Scatter of residuals on the logarithm before any effect; a row twice as far off counts for half."""
_MODELS: Final = 0.35
"""Share of held-out models in what variances are chosen by; the rest is held-out devices."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Design(Value):
    """The levels of cells: per kind of level the level's number of each cell.

    `noise` says how many times the variance of a usual row each cell's own is, `group` numbers what was measured in
    what kind of run (tuned or not).
    """

    codes: Codes
    names: Mapping[str, Sequence[str]]
    years: Array
    noise: Array
    group: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.years)

    def take(self, rows: NDArray[np.int64]) -> "Design":
        """Return the design of some of the cells."""
        codes = {kind: found[rows] for kind, found in self.codes.items()}
        return Design(
            codes=codes, names=self.names, years=self.years[rows], noise=self.noise[rows], group=self.group[rows]
        )


def design(points: Sequence[Point], years: Sequence[float], y: Array) -> Design:
    """Return the design of cells at `points` with residuals `y`, whose software is `years` old (negative).

    Rows that were run together share a weight, and rows far from the rest of their quantity count for less: a
    mistaken format or a misconfigured run must not move its kin.
    """
    numbers: dict[str, dict[str, int]] = {}
    rows = [levels(at) for at in points]
    for row in rows:
        for kind, level in row.items():
            known = numbers.setdefault(kind, {})
            known.setdefault(level, len(known))
    codes = {kind: np.array([known[row[kind]] for row in rows], dtype=np.int64) for kind, known in numbers.items()}
    together = Counter((at.device, at.stack, at.quantity) for at in points)
    crowd = np.array([max(1.0, together[at.device, at.stack, at.quantity] / _ALONE) for at in points])
    return Design(
        codes=codes,
        names={kind: list(known) for kind, known in numbers.items()},
        years=np.array(years, dtype=float),
        group=np.unique([f"{at.quantity} {at.stack == TUNED}" for at in points], return_inverse=True)[1],
        noise=crowd * (1.0 + (_centred(points, y) / (2.0 * _USUAL)) ** 2),
    )


def _centred(points: Sequence[Point], y: Array) -> Array:
    """Return `y` less the median of its quantity."""
    quantities = np.array([at.quantity for at in points])
    found = y.copy()
    for quantity in set(quantities):
        own = quantities == quantity
        found[own] -= np.median(y[own])
    return found


def covariance(of: Design, variances: Mapping[str, float]) -> Array:
    """Return the covariance of cells, noise included, shape (cells, cells)."""
    total = variances.get(AGE, 0.0) * np.outer(of.years, of.years)
    for kind, codes in of.codes.items():
        if variances.get(kind, 0.0) > 0:
            total += variances[kind] * (codes[:, None] == codes[None, :])
    total[np.diag_indices_from(total)] += variances[NOISE] * of.noise
    return np.asarray(total)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fit(Value):
    """A fit: `weights` is the inverse covariance times the residuals, `inverse` the inverse itself."""

    design: Design
    variances: Mapping[str, float]
    y: Array
    weights: Array
    inverse: Array

    def effects(self) -> dict[str, dict[str, float]]:
        """Return the effect of every level of every kind."""
        found: dict[str, dict[str, float]] = {}
        for kind, codes in self.design.codes.items():
            names = self.design.names[kind]
            sums = self.variances.get(kind, 0.0) * np.bincount(codes, weights=self.weights, minlength=len(names))
            found[kind] = {name: float(value) for name, value in zip(names, sums, strict=True)}
        return found

    def age(self) -> float:
        """Return the effect of a year of software."""
        return float(self.variances.get(AGE, 0.0) * (self.design.years @ self.weights))

    def held_out(self, rows: NDArray[np.int64]) -> Array:
        """Return y less what the other cells predict of it, for cells left out together (exact, no refit)."""
        block = self.inverse[np.ix_(rows, rows)]
        return np.asarray(np.linalg.solve(block, self.weights[rows]), dtype=float)


def fit(of: Design, y: Array, variances: Mapping[str, float]) -> Fit:
    """Return the fit of residuals `y` (ln measured / predicted) under given variances."""
    inverse = np.asarray(np.linalg.inv(covariance(of, variances)), dtype=float)
    return Fit(design=of, variances=variances, y=y, weights=inverse @ y, inverse=inverse)


def chosen_variances(of: Design, y: Array, *, first: NDArray[np.int64], largest: int = 600) -> dict[str, float]:
    """Return the variances under which held-out devices and models are predicted best.

    Coordinate search on a coarse grid (factors of 4): the score is the mean absolute residual, each quantity and
    kind of run weighing the same, in it each device, capped at 1 so that a cell nobody can explain decides nothing.
    Beyond `largest` cells, they are thinned evenly, device by device; up to half as many more are of `first`.
    Deterministic.
    """
    rows = np.union1d(first[_thinned(of.take(first), largest // 2)], _thinned(of, largest))
    part, target = of.take(rows), y[rows]
    score = _Score(part, target)
    found = dict.fromkeys(sorted(part.codes), _START) | {AGE: _START_AGE, NOISE: _START_NOISE}
    best = score(found)
    for _ in range(_SWEEPS):
        for kind in list(found):
            for step in _STEPS:
                if kind == NOISE and step not in _STEPS[:2]:
                    continue
                tried = {**found, kind: min(max(found[kind] * step, _SMALLEST), _LARGEST)}
                value = score(tried)
                if value < best - _GAIN:
                    best, found = value, tried
    return found


class _Score:
    """The mean absolute held-out residual of a sample of cells under given variances."""

    def __init__(self, of: Design, y: Array) -> None:
        self._y, self._noise = y, of.noise
        self._shared: dict[str, NDArray[Any]] = {
            kind: (codes[:, None] == codes[None, :]).astype(np.float32) for kind, codes in of.codes.items()
        }
        self._shared[AGE] = np.outer(of.years, of.years).astype(np.float32)
        pairs = of.group * (of.codes["device"].max() + 1) + of.codes["device"]
        _, pair, rows = np.unique(pairs, return_inverse=True, return_counts=True)
        devices = np.array([len(np.unique(of.codes["device"][of.group == g])) for g in of.group])
        weights = 1.0 / (rows[pair] * devices)
        self._weights = weights / weights.sum()
        self._groups = [
            (1.0 - _MODELS, _members(of.codes["device"])),
            (_MODELS, _members(of.codes["model"])),
        ]

    def __call__(self, variances: Mapping[str, float]) -> float:
        total = np.zeros((len(self._y), len(self._y)))
        for kind, matrix in self._shared.items():
            total += np.float32(variances[kind]) * matrix
        total[np.diag_indices_from(total)] += variances[NOISE] * self._noise
        inverse = np.linalg.inv(total)
        weights = inverse @ self._y
        found = 0.0
        for share, groups in self._groups:
            left = np.empty_like(self._y)
            for own in groups:
                left[own] = np.linalg.solve(inverse[np.ix_(own, own)], weights[own])
            found += share * float((self._weights * np.minimum(np.abs(left), 1.0)).sum())
        return found


def _members(codes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]


def _thinned(of: Design, largest: int) -> NDArray[np.int64]:
    """Return at most about `largest` cells, as evenly over devices as there are cells."""
    devices = of.codes["device"]
    if len(devices) <= largest:
        return np.arange(len(devices))
    rank = np.zeros(len(devices))
    for own in _members(devices):
        # A low-discrepancy order (golden ratio): the first few of every device are spread over all its cells.
        rank[own] = np.argsort(np.argsort((np.arange(len(own)) * 0.6180339887498949) % 1.0))
    return np.sort(np.argsort(rank, kind="stable")[:largest])
