"""A workload in slices of sizes and rates, each served by one kind of device: as in Melange (arXiv 2404.14527)."""

from collections.abc import Mapping, Sequence

import numpy as np

from chipdex.economics.fleets.solver import solved
from chipdex.errors import InfeasibleError


def assigned(prices: Mapping[str, float], shares: Mapping[str, Sequence[float]]) -> tuple[dict[str, int], float]:
    """Return how many of each device hold a workload in slices, each slice served by one kind of device, and the price.

    `shares` says for each device which part of one each slice would fill, infinite where it cannot; prices are per
    hour. As in Melange (arXiv 2404.14527, section 5). Raises InfeasibleError where a slice fits nowhere.
    """
    names = list(prices)
    load = np.array([list(shares[name]) for name in names], dtype=float)
    devices, slices = load.shape
    if not np.isfinite(load).any(axis=0).all():
        raise InfeasibleError("A slice of the workload fits on no device.", fix="Loosen its limits.")
    able = np.isfinite(load)
    width = devices * slices + devices
    placed = np.zeros((slices, width))
    filled = np.zeros((devices, width))
    for device in range(devices):
        columns = slice(device * slices, (device + 1) * slices)
        placed[:, columns] = np.eye(slices)
        filled[device, columns] = np.where(able[device], -load[device], 0.0)
        filled[device, devices * slices + device] = 1.0
    cost = np.concatenate([np.zeros(devices * slices), [prices[name] for name in names]])
    top = np.concatenate([able.astype(float).ravel(), np.full(devices, np.inf)])
    found = solved(cost, [(placed, 1.0, 1.0), (filled, 0.0, np.inf)], whole=np.ones(width), high=top)
    counts = dict(zip(names, np.rint(found.columns[devices * slices :]).astype(int).tolist(), strict=True))
    return {name: count for name, count in counts.items() if count}, sum(prices[name] * counts[name] for name in names)
