"""What `chipdex new` writes: a profile to fill in, a model's profile, a plugin that installs."""

from chipdex.scaffold.device import device_profile
from chipdex.scaffold.model import model_profile
from chipdex.scaffold.place import Place, check_portable, place_of
from chipdex.scaffold.plugin import Plugin, plugin_tree
from chipdex.scaffold.tree import Tree, write_tree

__all__ = [
    "Place",
    "Plugin",
    "Tree",
    "check_portable",
    "device_profile",
    "model_profile",
    "place_of",
    "plugin_tree",
    "write_tree",
]
