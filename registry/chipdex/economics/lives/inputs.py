"""The inputs of a model's life: training, tuning, serving, its size, its prompt and the length of its answers."""

from typing import Final

from chipdex.economics.inputs import Parameter

_SHARE: Final = 1.0
_YEARS: Final = 50.0
_FIT: Final = "Chinchilla fit, Sardana et al., arXiv 2401.00448"
_ALPHAS: Final = (0.336, 0.3478)
_BETAS: Final = (0.283, 0.3658)
"""Exponents of that fit, and of the same data fitted again: Besiroglu et al., arXiv 2404.10102."""

_SPENT_ONCE: Final = (
    Parameter(key="train_usd", meaning="what training costs", above=True),
    Parameter(key="train_hours", meaning="accelerator-hours of training, at --usd-per-hour", above=True),
    Parameter(key="usd_per_hour", meaning="what an hour of a training accelerator costs", above=True),
    Parameter(key="tune_usd", meaning="what tuning costs", above=True),
    Parameter(key="train_kwh", meaning="energy of training", above=True),
    Parameter(key="tune_kwh", meaning="energy of tuning", above=True),
)

_SERVING: Final = (
    Parameter(key="requests_per_day", meaning="requests of the first day", above=True),
    Parameter(key="usd_per_request", meaning="what a request costs; else its tokens at their prices", above=True),
    Parameter(key="serve_usd_per_day", meaning="what serving costs on the first day, instead", above=True),
    Parameter(key="kwh_per_request", meaning="energy of a request", above=True),
    Parameter(key="input_tokens", meaning="tokens of a prompt", above=True),
    Parameter(key="output_tokens", meaning="tokens of an answer", above=True),
    Parameter(key="usd_per_million_input", meaning="price of a million input tokens", above=True),
    Parameter(key="usd_per_million_output", meaning="price of a million output tokens", above=True),
    Parameter(
        key="cached_share",
        meaning="share of input tokens that a prefix cache serves for nothing; weigh it by its discount",
        default=0.0,
        high=_SHARE,
        usual=(0.0, 0.6),
    ),
    Parameter(
        key="life_years",
        meaning="how long the model is served",
        default=1.5,
        source="18 months of use, Mistral AI life-cycle assessment, July 2025",
        above=True,
        high=_YEARS,
        usual=(0.5, 3.0),
    ),
    Parameter(
        key="demand_growth",
        meaning="growth of requests a year, as a share: 1 doubles them",
        default=0.0,
        low=-0.99,
        high=100.0,
        usual=(-0.5, 2.0),
    ),
    Parameter(
        key="price_decline",
        meaning="fall of what a request costs a year, as a share",
        default=0.0,
        high=0.99,
        usual=(0.0, 0.5),
    ),
    Parameter(
        key="energy_decline",
        meaning="fall of the energy of a request a year, as a share",
        default=0.0,
        high=0.99,
        usual=(0.0, 0.5),
    ),
    Parameter(
        key="cost_of_capital",
        meaning="interest a year, as a share",
        default=0.0,
        high=_SHARE,
        usual=(0.0, 0.15),
    ),
)

_SIZE: Final = (
    Parameter(key="params_b", meaning="billions of parameters of the model, a dense one", low=1e-6, high=1e6),
    Parameter(
        key="train_tokens_b",
        meaning="billions of tokens it is trained on; else as many as are cheapest for training alone",
        low=1e-6,
        high=1e12,
    ),
    Parameter(
        key="serve_tokens_b",
        meaning="billions of tokens that it serves over its life; else those of its requests",
        low=1e-6,
        high=1e12,
    ),
    Parameter(
        key="other_params_b",
        meaning="billions of parameters of another model, trained to the same loss",
        low=1e-6,
        high=1e6,
    ),
    Parameter(key="peak_tflops", meaning="dense peak of a training accelerator", low=1e-3, high=1e9),
    Parameter(key="train_mfu", meaning="share of that peak that training achieves", low=1e-6, high=_SHARE),
    Parameter(
        key="serve_peak_tflops", meaning="dense peak of a serving accelerator; else the same", low=1e-3, high=1e9
    ),
    Parameter(key="serve_mfu", meaning="share of its peak that serving achieves", low=1e-6, high=_SHARE),
    Parameter(
        key="serve_usd_per_hour", meaning="what an hour of a serving accelerator costs; else the same", above=True
    ),
    Parameter(key="fit_floor", meaning="loss that no model goes below, E", default=1.69, source=_FIT, high=100.0),
    Parameter(key="fit_a", meaning="coefficient A of A / N^alpha", default=406.4, source=_FIT, low=1.0, high=1e6),
    Parameter(key="fit_b", meaning="coefficient B of B / D^beta", default=410.7, source=_FIT, low=1.0, high=1e6),
    Parameter(
        key="fit_alpha",
        meaning="exponent of parameters",
        default=_ALPHAS[0],
        source=_FIT,
        low=0.1,
        high=1.0,
        usual=_ALPHAS,
    ),
    Parameter(
        key="fit_beta",
        meaning="exponent of tokens",
        default=_BETAS[0],
        source=_FIT,
        low=0.1,
        high=1.0,
        usual=_BETAS,
    ),
)

_CHOICES: Final = (
    Parameter(key="prompt_tokens", meaning="tokens of prompt that tuning saves on each request", above=True),
    Parameter(
        key="tuned_usd_per_request",
        meaning="by how much the rest of a request to the tuned model is dearer",
        default=0.0,
    ),
    Parameter(
        key="reasoning_factor",
        meaning="how many times the output tokens a reasoned answer has",
        low=1.0,
        above=True,
        high=1e6,
    ),
    Parameter(
        key="reasoning_token_factor",
        meaning="how many times as much a token then costs, on average",
        default=1.0,
        source="priced alike",
        above=True,
        high=1e3,
        usual=(1.0, 1.5),
    ),
)

PARAMETERS: Final = (*_SPENT_ONCE, *_SERVING, *_SIZE, *_CHOICES)
"""What `lifetime` takes: nothing is needed, and what is given decides which questions it answers."""

LEFT_OUT: Final = {
    "demand_growth": "growth of demand",
    "price_decline": "falling prices",
    "energy_decline": "falling energy of a request",
    "cost_of_capital": "interest",
    "tuned_usd_per_request": "dearer tokens of a tuned model",
}
"""Inputs that are nothing unless they are given -> what a reader would call them."""
