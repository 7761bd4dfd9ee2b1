"""Software stacks as calibration tells them apart: what a source calls its software, without version and host."""

import re
from typing import Final

TUNED: Final = "tuned"
"""The stack of tuned submissions to a benchmark, and of a question that names none: the best that is known to run."""

_STACKS: Final = (
    ("tensorrt-llm", ("tensorrt-llm", "tensorrt_llm", "trtllm", "trt-llm")),
    ("tensorrt", ("tensorrt",)),
    ("deepspeed-mii", ("deepspeed-mii", "mii")),
    ("optimum-habana", ("optimum-habana", "optimum habana", "synapseai", "habana")),
    ("llama.cpp", ("llama.cpp", "llamacpp", "ollama", "llama-cpp")),
    ("vllm", ("vllm",)),
    ("sglang", ("sglang",)),
    ("lmdeploy", ("lmdeploy", "turbomind")),
    ("openvino", ("openvino",)),
    ("neuronx", ("neuron",)),
    ("genie", ("genie",)),
    ("mlx", ("mlx",)),
    ("mlc", ("mlc",)),
    ("exllama", ("exllama",)),
    ("autoawq", ("autoawq",)),
    ("qaic", ("cloud ai", "qaic")),
    ("qnn", ("qnn", "ai hub", "qualcomm")),
    ("tflite", ("tflite", "litert", "tensorflow lite")),
    ("onnxruntime", ("onnx",)),
    ("hailort", ("hailo",)),
    ("rknn", ("rknn",)),
    ("coreml", ("core ml", "coreml")),
    ("pytorch", ("pytorch", "torch")),
    ("tensorflow", ("tensorflow",)),
    ("mxnet", ("mxnet",)),
    ("axelera", ("axelera", "voyager")),
    ("tt-metal", ("tt-metal", "tt-nn", "ttnn")),
    ("stedgeai", ("st edge ai", "x-cube-ai", "stm32")),
)
"""Stack -> what its names contain; the first that matches holds."""


def stack_of(software: str | None) -> str:
    """Return the stack that a source's software is, its lower-case name where it is none known, TUNED for None."""
    if not software:
        return TUNED
    text = software.lower()
    for stack, marks in _STACKS:
        if any(mark in text for mark in marks):
            return stack
    return _VERSION.sub("", text.split(",")[0]).strip() or text


_VERSION: Final = re.compile(r"[\s-]+v?\d[\w.+-]*(\s.*)?$")
"""A version behind a name, and what follows it."""
