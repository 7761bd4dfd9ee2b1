"""Disabling and enabling plugins writes `[plugins] disabled` and keeps the rest of the config file."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from chipdex.errors import OptionError, UnknownIdError
from chipdex.hooks import PluginHost, State
from chipdex.hooks.switch import disable, enable

HostOf = Callable[..., PluginHost]


def written(host: PluginHost) -> dict[str, object]:
    return tomllib.loads(Path(host.settings.config_file).read_text(encoding="utf-8"))


def test_a_disabled_plugin_is_blocked_until_it_is_enabled(host_of: HostOf) -> None:
    host = host_of("good")
    host.settings.config_file.write_text('[prefer]\nnvidia = "chipdex-nvidia"\n', encoding="utf-8")
    (info,) = disable(host, "Acme_Good")
    assert info.distribution == "acme-good"
    assert written(host) == {"prefer": {"nvidia": "chipdex-nvidia"}, "plugins": {"disabled": ["acme-good"]}}
    again = host_of("good")
    assert [s.state for s in again.states() if s.info.distribution == "acme-good"] == [State.BLOCKED]
    enable(again, "acme-good")
    assert written(again) == {"prefer": {"nvidia": "chipdex-nvidia"}}
    assert [s.state for s in host_of("good").states() if s.info.distribution == "acme-good"] == [State.IDLE]


@pytest.mark.parametrize("kind", ["broken-import", "too-new-core", "found-twice", "data-missing-package"])
def test_a_plugin_that_cannot_be_used_can_still_be_disabled(kind: str, host_of: HostOf) -> None:
    host = host_of(kind)
    disable(host, f"acme-{kind}")
    assert written(host) == {"plugins": {"disabled": [f"acme-{kind}"]}}


def test_an_entry_point_is_written_in_full(host_of: HostOf) -> None:
    host = host_of("good")
    disable(host, "Acme_Good:acme_good")
    assert written(host) == {"plugins": {"disabled": ["acme-good:acme_good"]}}
    enable(host, "acme-good")
    assert written(host) == {}


def test_one_plugin_of_a_disabled_distribution_is_not_enabled_silently(host_of: HostOf) -> None:
    host = host_of("good")
    disable(host, "acme-good")
    with pytest.raises(OptionError, match="because acme-good is disabled as a whole"):
        enable(host, "acme-good:acme_good")


def test_a_plugin_nobody_has_is_not_written(host_of: HostOf) -> None:
    host = host_of("good")
    with pytest.raises(UnknownIdError, match="Did you mean acme-good"):
        disable(host, "acme-god")
    assert not host.settings.config_file.exists()
