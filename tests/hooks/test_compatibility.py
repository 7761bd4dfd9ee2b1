"""Whether a plugin fits is decided from its metadata, pre-releases of the core included."""

from pathlib import Path

import pytest

from chipdex.hooks import compatibility
from chipdex.hooks.compatibility import unmet_api, unmet_requirement
from chipdex.hooks.index import Index


@pytest.mark.parametrize(
    ("requirement", "core", "fits"),
    [
        ("chipdex", "0.1.0", True),
        ("chipdex>=0.1,<0.2", "0.1.0", True),
        ("chipdex>=0.1,<0.2", "0.2.0", False),
        ("chipdex>=0.1", "0.2.0.dev1", True),
        ("chipdex>=0.1", "0.2.0rc1", True),
        ("chipdex (>=0.2)", "0.1.0", False),
        ('chipdex>=9; python_version < "3"', "0.1.0", True),
        ('chipdex>=9; extra == "all"', "0.1.0", True),
        ("chipdex @ file:///somewhere", "0.1.0", True),
    ],
)
def test_a_requirement_is_met_or_not(
    requirement: str, core: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compatibility, "__version__", core)
    assert (unmet_requirement([requirement], Index(tmp_path)) == "") is fits


def test_the_reason_names_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatibility, "__version__", "0.1.0")
    reason = unmet_requirement(["chipdex", "chipdex>=2"], Index(tmp_path))
    assert reason == "it requires chipdex >=2, and this is chipdex 0.1.0"


@pytest.mark.parametrize("requirement", ["chipdex>>1", 'chipdex; os_name ~= "x"'])
def test_a_requirement_nobody_can_read_is_a_reason(requirement: str, tmp_path: Path) -> None:
    assert unmet_requirement([requirement], Index(tmp_path)) == f"its requirement {requirement!r} cannot be read"


def test_a_verdict_is_remembered_for_this_core_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index(tmp_path)
    monkeypatch.setattr(compatibility, "__version__", "0.1.0")
    assert unmet_requirement(["chipdex<0.2"], index) == ""
    index.save()
    monkeypatch.setattr(compatibility, "__version__", "0.2.0")
    assert unmet_requirement(["chipdex<0.2"], Index(tmp_path)) != ""


@pytest.mark.parametrize(
    ("specifier", "reason"),
    [
        (">=1,<2", ""),
        (">=2", "it needs hook API >=2, and this is hook API 1.0"),
        ("new", "CHIPDEX_API is 'new', which is no version specifier such as \">=1,<2\""),
        (1.0, 'CHIPDEX_API is 1.0; a text such as ">=1,<2" is needed'),
    ],
)
def test_an_api_specifier_is_met_or_says_why_not(specifier: object, reason: str) -> None:
    assert unmet_api(specifier) == reason
