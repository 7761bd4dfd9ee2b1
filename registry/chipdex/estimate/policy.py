"""How an engine serves: when it prefills, what it finds in its cache, what it drafts, where it decodes."""

from typing import Final

import attrs

from chipdex.domain.model import Decoder
from chipdex.domain.workload import Prefill
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Policy(Value):
    """What an engine does beyond plain continuous batching; the defaults do none of it.

    `chunk_tokens` is the most prompt tokens of one step; None is an engine tuned to spread prompts evenly over its
    steps. `prefix_hit_fraction` of every prompt is found in the prefix cache: not computed, but held.
    `draft_tokens` are drafted before each step, each accepted with `draft_acceptance_fraction`; drafting one costs
    `draft_cost_fraction` of a decode step, or a step of `draft`.
    `disaggregated` prefills and decodes on different replicas, between which a device's share of the cache
    travels at `transfer_bytes_per_s` (None: at the rate of the devices' own link).
    `balanced_experts` says that popular experts are duplicated and placed so that devices work alike.
    """

    prefill: Prefill = Prefill.CHUNKED
    chunk_tokens: float | None = None
    prefix_hit_fraction: float = 0.0
    draft_tokens: int = 0
    draft_acceptance_fraction: float = 0.0
    draft_cost_fraction: float = 0.0
    draft: Decoder | None = None
    disaggregated: bool = False
    transfer_bytes_per_s: float | None = None
    balanced_experts: bool = True

    @property
    def tokens_per_step(self) -> float:
        """Tokens that one verified step yields: (1 - a^(g+1)) / (1 - a).

        Leviathan, Kalman and Matias, "Fast inference from transformers via speculative decoding", equation 1.
        """
        accepted = self.draft_acceptance_fraction
        if accepted >= 1.0:
            return self.draft_tokens + 1.0
        return float((1.0 - accepted ** (self.draft_tokens + 1)) / (1.0 - accepted))


PLAIN: Final = Policy()
"""Continuous batching with evenly chunked prefill and nothing else."""
