"""Reads a Hugging Face config.json by its layout, so that new models of a known build need no new code."""

from chipdex.codec.huggingface.reader import read_huggingface

__all__ = ["read_huggingface"]
