"""Whether a plugin's functions are hooks: misspelt names, missing marks, and wrappers, which are not called."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chipdex.hooks.specs import PROJECT, YIELDS

if TYPE_CHECKING:
    from pluggy import HookImpl, PluginManager


def implementations_of(manager: "PluginManager", plugin: Any) -> dict[str, list["HookImpl"]]:
    """Return a registered plugin's implementations by hook."""
    callers = manager.get_hookcallers(plugin) or ()
    return {
        caller.name: [found for found in caller.get_hookimpls() if found.plugin is plugin]
        for caller in callers
        if caller.has_spec()
    }


def name_faults(manager: "PluginManager", plugin: Any) -> Iterator[tuple[str, str]]:
    """Yield (what is wrong, what puts it right) for each function that looks like a hook and is not one."""
    for caller in manager.get_hookcallers(plugin) or ():
        mine = [found for found in caller.get_hookimpls() if found.plugin is plugin]
        if not caller.has_spec() and not all(found.optionalhook for found in mine):
            from difflib import get_close_matches  # noqa: PLC0415 - only on the error path

            close = get_close_matches(caller.name, YIELDS, n=1)
            fix = f"Did you mean {close[0]}?" if close else f"The hooks are {', '.join(YIELDS)}."
            yield f"there is no hook {caller.name}", fix
        if any(found.hookwrapper or found.wrapper for found in mine):
            yield f"{caller.name} is a wrapper", "Make it a plain implementation: each is called alone."
    for name in YIELDS:
        function = inspect.getattr_static(plugin, name, None)
        if inspect.isfunction(function) and not hasattr(function, f"{PROJECT}_impl"):
            yield f"{name} is not marked as a hook", "Write @hookimpl above it."
