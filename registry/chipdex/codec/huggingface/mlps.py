"""The feed-forward network of each layer: dense, or experts with shared ones and dense first layers."""

from chipdex.codec.huggingface import builds
from chipdex.codec.huggingface.config import Config
from chipdex.domain.model import DenseMlp, MixtureOfExperts, Mlp

_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_PER_TOKEN = (
    "num_experts_per_tok", "experts_per_token", "num_experts_per_token", "top_k_experts", "moe_topk", "moe_top_k",
)  # fmt: skip


def mlps(config: Config, layers: int) -> list[Mlp]:
    """Return the feed-forward network of every layer, first layer first."""
    if config.count(*_EXPERTS) <= 1 or not config.flag("enable_moe_block", default=True):
        return [dense(config)] * layers
    with_experts = _has_experts(config, layers)
    sparse = experts(config)
    if all(with_experts):
        return [sparse] * layers
    plain = dense(config)
    return [sparse if has else plain for has in with_experts]


def dense(config: Config) -> DenseMlp:
    """Return the dense feed-forward network of the layers that have one."""
    names = ("dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "ffn_hidden_size", "n_inner")
    width = config.optional_size(*names, "ffn_dim", "d_ff")
    if width is None:
        if config.text("model_type") not in builds.UNGATED:
            raise config.refuse("intermediate_size", "is missing, so the size of the feed-forward network is unknown")
        width = 4 * config.size("hidden_size", "n_embd", "d_model", "n_embed")
    return DenseMlp(intermediate_size=width, gated=gated(config))


def experts(config: Config) -> MixtureOfExperts:
    """Return the experts of the layers that have them."""
    width = config.size("moe_intermediate_size", "expert_intermediate_size", "intermediate_size")
    number = config.size(*_EXPERTS)
    per_token = config.size(*_EXPERTS_PER_TOKEN)
    if per_token > number:
        raise config.refuse("num_experts_per_tok", f"is {per_token}, more than the {number} experts")
    return MixtureOfExperts(
        experts=number,
        experts_per_token=per_token,
        intermediate_size=width,
        shared_intermediate_size=_shared_width(config, width),
        latent_size=config.optional_size("moe_latent_size"),
        gated=gated(config),
    )


def gated(config: Config) -> bool:
    """Return whether the network has three matrices rather than two; refuse where the config cannot tell."""
    build = config.text("model_type")
    activation = config.text("hidden_act", "hidden_activation", "activation_function", "mlp_hidden_act", "activation")
    if build in builds.UNGATED or activation == "relu2":
        return False
    if not activation or activation in {"silu", "swish"} or "glu" in activation:
        return True
    if build.startswith(builds.GATED_GELU):
        return True
    raise config.refuse("hidden_act", f"is {activation!r:.60}: in {build or 'this model'} it may be gated or not")


def _shared_width(config: Config, expert_width: int) -> int:
    """Return the width of all shared experts together, or of the dense network beside the experts."""
    number = config.count("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts")
    names = ("moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size")
    width = config.optional_size(*names) if config.get(*names) else None
    if width is not None:
        return width
    build = config.text("model_type")
    if build.startswith("llama4"):
        return expert_width  # its code adds one shared expert that the config does not mention
    if build.startswith("gemma4"):
        return config.size("intermediate_size")  # a dense network runs beside the experts
    return number * expert_width


def _has_experts(config: Config, layers: int) -> list[bool]:
    """Return for every layer whether it has experts, by whichever of the known fields says so."""
    first = config.count("first_k_dense_replace")
    frequency = config.get("moe_layer_freq")
    if (kinds := config.items("mlp_layer_types", length=layers)) is not None:
        return [kind == "sparse" for kind in kinds]
    if isinstance(frequency, list):
        return [bool(on) for on in config.items("moe_layer_freq", length=layers) or ()]
    if (listed := config.items("moe_layers")) is not None:
        return [layer in listed for layer in range(layers)]
    step = config.optional_size("interleave_moe_layer_step", "decoder_sparse_step") or 1
    every = config.optional_size("moe_layer_freq") or 1
    never = config.items("mlp_only_layers") or ()
    return [
        layer >= first and layer not in never and (layer + 1) % step == 0 and layer % every == 0
        for layer in range(layers)
    ]
