"""Every hook has a complete example, which runs, and stands in the reference."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.distributions import HOOKS, write_code

from chipdex.hooks import PluginHost, State, specs
from chipdex.hooks.compatibility import HOOK_API

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "hooks.md"


def example_of(hook: str) -> str:
    text = textwrap.dedent("    " + (getattr(specs, hook).__doc__ or ""))
    return textwrap.dedent(text.partition("A complete plugin module::")[2]).strip("\n").rstrip() + "\n"


def test_every_spec_says_what_it_yields() -> None:
    declared = {name for name in vars(specs) if name.startswith("chipdex_")}
    assert declared == set(specs.YIELDS) == set(HOOKS)


@pytest.mark.parametrize("hook", specs.YIELDS)
def test_the_example_of_a_hook_is_a_plugin_that_loads_without_a_problem(
    hook: str, host_of: Callable[..., PluginHost], tmp_path: Path
) -> None:
    (tmp_path / "chips" / "acme_chips" / "profiles" / "2026").mkdir(parents=True)
    root = write_code(tmp_path / "chips", "acme-example", example_of(hook))
    host = host_of(folders=(root,))
    host.check()
    (state,) = [one for one in host.states() if one.info.distribution == "acme-example"]
    assert (state.state, state.faults) == (State.LOADED, ())
    assert state.brought[hook] >= 1


@pytest.mark.parametrize("hook", specs.YIELDS)
def test_every_hook_stands_in_the_reference_with_its_example(hook: str) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert f"### `{hook}()`" in text
    assert f"```python\n{example_of(hook)}```" in text


def test_the_reference_gives_every_state_and_the_number_of_the_api() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert [state for state in State if f"| `{state}` |" not in text] == []
    assert re.search(rf"hook API is\s+`{re.escape(HOOK_API)}`", text)
