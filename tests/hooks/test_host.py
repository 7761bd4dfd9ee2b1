"""The host against every kind of plugin: each loses its own records only, and each problem is told."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.distributions import HOSTILE, KINDS, distribution_of, good_source, write_code, write_data, write_distribution

from chipdex.domain import Level, Origin
from chipdex.errors import PluginError, UnknownIdError
from chipdex.hooks import PluginHost, PluginState, State

HostOf = Callable[..., PluginHost]
StateOf = Callable[[PluginHost, str], PluginState]

BY_KIND = [
    ("good", State.LOADED, ""),
    ("good-data", State.LOADED, ""),
    ("broken-import", State.BROKEN, "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"),
    ("syntax-error", State.BROKEN, "SyntaxError"),
    ("exits-at-import", State.BROKEN, "it ended the program (SystemExit: leaving)"),
    ("misspelt-hook", State.DEGRADED, "there is no hook chipdex_acelerators. Did you mean chipdex_accelerators?"),
    ("too-new-core", State.INCOMPATIBLE, "it requires chipdex >=99, and this is chipdex "),
    ("too-new-api", State.INCOMPATIBLE, "it needs hook API >=99, and this is hook API 1.0"),
    ("raises-in-hook", State.DEGRADED, "in chipdex_profile_sources: ValueError: the datasheet is empty"),
    ("exits-in-hook", State.DEGRADED, "it ended the program (SystemExit: 7)"),
    ("raises-half-way", State.DEGRADED, "in chipdex_accelerators: ValueError: the second row is broken"),
    ("wrong-type", State.DEGRADED, "1 of its 1 records are refused; the first: 42 (int) is no ProfileSource"),
    ("wrong-field", State.DEGRADED, "memory.capacity_gb is '96' (str): a finite number, not negative, is needed"),
    ("duplicate-record", State.LOADED, ""),
    ("slow-import", State.LOADED, ""),
    ("prints-at-import", State.LOADED, ""),
    ("prints-in-hook", State.LOADED, ""),
    ("changes-folder", State.LOADED, ""),
    ("leaves-thread", State.LOADED, ""),
    ("one-entry-point", State.LOADED, ""),
    ("found-twice", State.AMBIGUOUS, "its distribution is installed more than once: "),
    ("source-raises", State.LOADED, ""),
    ("source-exits", State.LOADED, ""),
    ("source-prints", State.LOADED, ""),
    ("data-missing-package", State.BROKEN, "There is no package folder acme_nowhere."),
    ("data-raising-init", State.LOADED, ""),
]


def brought(host: PluginHost, distribution: str) -> list[str]:
    return [record.id for record, origin in host.records("accelerators") if origin.distribution == distribution]


def test_the_table_below_covers_every_kind() -> None:
    assert {kind for kind, _, _ in BY_KIND} == set(KINDS)


@pytest.mark.parametrize(("kind", "state", "reason"), BY_KIND)
def test_each_kind_ends_in_its_state_with_a_reason_and_leaves_the_good_one_alone(
    kind: str, state: State, reason: str, host_of: HostOf, tmp_path: Path
) -> None:
    good = write_code(tmp_path / "neighbour", "acme-neighbour", good_source("neighbour"))
    host = host_of(kind, folders=(good,))
    host.check()
    states = [one for one in host.states() if one.info.distribution.startswith(distribution_of(kind))]
    assert {one.state for one in states} == {state}
    assert all(reason in one.reason for one in states)
    assert brought(host, "acme-neighbour") == ["acme/neighbour"]


@pytest.mark.parametrize(("kind", "state", "reason"), [row for row in BY_KIND if row[2]])
def test_a_problem_is_one_line_that_names_the_plugin_and_has_a_fix(
    kind: str, state: State, reason: str, host_of: HostOf, state_of: StateOf
) -> None:
    host = host_of(kind)
    host.check()
    name = distribution_of(kind)
    mine = [line for line in host.problems if line.startswith(f"Plugin {name}:")]
    assert any(reason in line and f"is {state}:" in line for line in mine)
    assert all("\n" not in line and line.endswith(f"See: chipdex plugins doctor {name}") for line in mine)
    assert state_of(host, name).fix


@pytest.mark.parametrize("kind", [kind for kind, _, reason in BY_KIND if reason])
def test_strict_settings_make_a_problem_fatal(kind: str, host_of: HostOf) -> None:
    host = host_of(kind, CHIPDEX_STRICT="1")
    asks = [host.profile_folders, host.commands, lambda: host.records("accelerators")]
    with pytest.raises(PluginError, match=f"Plugin {distribution_of(kind)}:"):
        [ask() for ask in asks]


def test_strict_settings_never_stop_the_list_or_the_doctor(host_of: HostOf, state_of: StateOf) -> None:
    host = host_of("broken-import", CHIPDEX_STRICT="1")
    host.states()
    host.check()
    assert state_of(host, "acme-broken-import").state is State.BROKEN


@pytest.mark.parametrize("kind", KINDS)
def test_a_blocked_plugin_is_not_imported_and_is_no_problem(kind: str, host_of: HostOf) -> None:
    names = {distribution_of(kind), "acme-one-entry-point-a", "acme-one-entry-point-b"}
    host = host_of(kind, CHIPDEX_DISABLE_PLUGINS=",".join(names))
    host.check()
    mine = [state for state in host.states() if state.info.distribution in names]
    assert mine
    assert {state.state for state in mine} == {State.BLOCKED}
    assert not any(name.startswith("acme") for name in sys.modules)
    assert not any("acme" in line for line in host.problems)


def test_only_the_plugins_named_are_loaded_and_a_name_nobody_has_is_told(host_of: HostOf) -> None:
    host = host_of("good", "good-data", CHIPDEX_PLUGINS="acme-goood, Acme_Good.Data")
    host.check()
    loaded = {state.info.distribution for state in host.states() if state.state is State.LOADED}
    assert loaded == {"acme-good-data"}
    assert [line for line in host.problems if "'acme-goood'" in line and "Did you mean acme-good?" in line]


def test_no_plugins_blocks_all_of_them_but_never_the_core(host_of: HostOf) -> None:
    host = host_of("good", "good-data", no_plugins=True)
    host.check()
    assert {state.state for state in host.states()} == {State.BLOCKED}
    assert host.records("accelerators") == []
    assert host.problems == ()


def test_the_core_is_no_plugin_and_cannot_be_blocked(host_of: HostOf) -> None:
    host = host_of(CHIPDEX_DISABLE_PLUGINS="chipdex")
    assert "chipdex" not in {info.distribution for info in host.discover()}
    host.check()
    assert host.problems == ()


def test_a_good_record_is_stamped_with_who_brought_it(host_of: HostOf) -> None:
    host = host_of("good")
    pairs = [pair for pair in host.records("accelerators") if pair[0].id == "acme/acme-good"]
    ((_, origin),) = pairs
    assert (origin.level, origin.distribution, origin.version) == (Level.PLUGIN, "acme-good", "1.0")
    assert origin.entry_point == "acme_good"
    assert origin.file.endswith("acme_good.py")


def test_a_data_plugin_brings_its_folder_and_executes_nothing(host_of: HostOf, tmp_path: Path) -> None:
    host = host_of("data-raising-init")
    folders = [folder for folder, origin in host.profile_folders() if origin.distribution == "acme-data-raising-init"]
    assert folders == [tmp_path / "data-raising-init" / "acme_data_raising_init"]
    assert "acme_data_raising_init" not in sys.modules


def test_a_data_plugin_may_name_a_package_inside_another_whose_init_raises(host_of: HostOf, tmp_path: Path) -> None:
    root = tmp_path / "nested"
    write_data(root, "acme-nested", init="raise RuntimeError('executed')", package="acme_nested.devices")
    host = host_of(folders=(root,))
    folders = [folder for folder, origin in host.profile_folders() if origin.distribution == "acme-nested"]
    assert folders == [root / "acme_nested" / "devices"]


def test_one_that_raises_half_way_loses_that_hooks_records_and_keeps_its_others(
    host_of: HostOf, tmp_path: Path, state_of: StateOf
) -> None:
    source = good_source("half").rstrip() + "\n    raise ValueError('x')\n"
    source += "\n\n@hookimpl\ndef chipdex_grids():\n    from chipdex.api import Grid\n"
    source += "    yield Grid(id='acme/eu/2025', provider='acme', region='eu', year=2025)\n"
    host = host_of(folders=(write_code(tmp_path / "half", "acme-half", source),))
    assert brought(host, "acme-half") == []
    assert [record.id for record, _ in host.records("grids") if record.id.startswith("acme")] == ["acme/eu/2025"]
    assert dict(state_of(host, "acme-half").brought) == {"chipdex_accelerators": 0, "chipdex_grids": 1}


@pytest.mark.parametrize("body", ["    while True:\n        yield None\n", "    return [None] * 10_001\n"])
def test_one_that_yields_without_end_is_stopped_and_none_of_its_records_is_used(
    host_of: HostOf, tmp_path: Path, state_of: StateOf, body: str
) -> None:
    source = f"from chipdex.api import hookimpl\n\n@hookimpl\ndef chipdex_facts():\n{body}"
    host = host_of(folders=(write_code(tmp_path / "endless", "acme-endless", source),))
    assert host.records("facts") == []
    told = "in chipdex_facts: it yields more than 10,000 records, and none of them is used"
    assert [fault.sentence for fault in state_of(host, "acme-endless").faults] == [told]


def test_one_that_yields_too_slowly_is_asked_for_no_more(
    host_of: HostOf, tmp_path: Path, state_of: StateOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chipdex.hooks.collecting._LONGEST_S", -1.0)
    host = host_of(folders=(write_code(tmp_path / "slow", "acme-slow", good_source("slow")),))
    assert brought(host, "acme-slow") == []
    assert "for more than" in state_of(host, "acme-slow").reason


def test_a_record_with_a_wrong_field_is_refused_alone(host_of: HostOf) -> None:
    host = host_of("wrong-field")
    assert brought(host, "acme-wrong-field") == ["acme/acme-wrong-field"]


def test_two_distributions_with_one_entry_point_name_are_two_plugins(host_of: HostOf) -> None:
    host = host_of("one-entry-point")
    records = {record.id for record, origin in host.records("accelerators") if origin.entry_point == "shared"}
    assert records == {"acme/acme-one-entry-point-a", "acme/acme-one-entry-point-b"}


def test_a_module_that_two_distributions_name_is_loaded_once_and_the_other_is_told(
    host_of: HostOf, tmp_path: Path, state_of: StateOf
) -> None:
    from fakes.distributions import write_metadata

    root = write_code(tmp_path / "a", "acme-first", good_source("first"))
    write_metadata(root, "acme-second", [("chipdex", "acme_second", "acme_first")])
    host = host_of(folders=(root,))
    assert brought(host, "acme-first") == ["acme/first"]
    assert "already loaded, as acme-first:acme_first" in state_of(host, "acme-second").reason


def test_what_is_slow_changes_the_folder_or_leaves_a_thread_is_noted(host_of: HostOf, state_of: StateOf) -> None:
    host = host_of("slow-import", "changes-folder", "leaves-thread")
    before = Path.cwd()
    host.check()
    assert Path.cwd() == before
    assert state_of(host, "acme-slow-import").seconds > 1.2
    assert any(note.endswith("s to load") for note in state_of(host, "acme-slow-import").notes)
    assert "changed the working folder, which was put back" in state_of(host, "acme-changes-folder").notes
    assert "left the thread 'acme-left' running" in state_of(host, "acme-leaves-thread").notes
    assert host.lingering_threads == ("acme-left",)


def test_a_function_that_lacks_the_mark_is_told(host_of: HostOf, tmp_path: Path, state_of: StateOf) -> None:
    source = good_source("bare").replace("@hookimpl\n", "")
    host = host_of(folders=(write_code(tmp_path / "bare", "acme-bare", source),))
    assert brought(host, "acme-bare") == []
    assert "chipdex_accelerators is not marked as a hook. Write @hookimpl" in state_of(host, "acme-bare").reason


def test_a_hook_with_an_argument_nobody_passes_breaks_its_plugin_alone(
    host_of: HostOf, tmp_path: Path, state_of: StateOf
) -> None:
    source = good_source("argument").replace("chipdex_accelerators()", "chipdex_accelerators(registry)")
    host = host_of("good", folders=(write_code(tmp_path / "argument", "acme-argument", source),))
    assert brought(host, "acme-good") == ["acme/acme-good"]
    assert state_of(host, "acme-argument").state is State.BROKEN
    assert "registry" in state_of(host, "acme-argument").reason


def test_a_name_is_found_by_distribution_identity_or_unique_entry_point(host_of: HostOf) -> None:
    host = host_of("good", "one-entry-point")
    for name in ("acme-good", "Acme_Good", "acme-good:acme_good", "acme_good"):
        assert [info.distribution for info in host.find(name)] == ["acme-good"]
    with pytest.raises(UnknownIdError, match="Several plugins are called shared"):
        host.find("shared")
    with pytest.raises(UnknownIdError, match="Did you mean acme-good"):
        host.find("acme-goof")


def test_a_plugins_function_is_called_under_the_guard(host_of: HostOf, capsys: pytest.CaptureFixture[str]) -> None:
    host = host_of("good")
    ((_, origin),) = [pair for pair in host.records("accelerators") if pair[0].id == "acme/acme-good"]

    def rows() -> object:
        print("talk")  # noqa: T201
        yield 1

    assert host.call(origin, rows) == [1]
    assert capsys.readouterr().out == ""
    with pytest.raises(PluginError, match=r"acme-good:acme_good 1\.0 failed in load_object: ModuleNotFoundError"):
        host.load("acme_absent:verb", origin)


ASKS_EVERYTHING = """
import json, os
from chipdex.hooks import PluginHost
from chipdex.settings import load_settings
host = PluginHost(load_settings())
folder = os.getcwd()
host.check()
print(json.dumps({"ids": sorted(r.id for r, _ in host.records("accelerators")), "same_folder": os.getcwd() == folder}))
os._exit(0) if host.lingering_threads and not __import__("sys").stdout.flush() else None
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_process_with_a_hostile_plugin_keeps_its_output_clean(kind: str, tmp_path: Path) -> None:
    root = write_distribution(tmp_path / "site", kind)
    good = write_code(tmp_path / "good", "acme-good", good_source("good"))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (root, good)))}
    done = subprocess.run(
        [sys.executable, "-c", ASKS_EVERYTHING],
        env=environment,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "acme/good" in answer["ids"]
    assert answer["same_folder"]
    assert "Traceback" not in done.stderr


def test_a_wrapper_is_not_called_and_is_told(host_of: HostOf, tmp_path: Path, state_of: StateOf) -> None:
    source = good_source("wrapper").replace("@hookimpl\n", "@hookimpl(wrapper=True)\n")
    source = source.replace("    yield accelerator()", "    return (yield)")
    host = host_of(folders=(write_code(tmp_path / "wrapper", "acme-wrapper", source),))
    assert brought(host, "acme-wrapper") == []
    assert "chipdex_accelerators is a wrapper" in state_of(host, "acme-wrapper").reason


def test_a_profile_folder_that_is_not_there_is_told(host_of: HostOf, tmp_path: Path, state_of: StateOf) -> None:
    source = "from chipdex.api import ProfileSource, hookimpl\n\n\n@hookimpl\ndef chipdex_profile_sources():\n"
    source += "    yield ProfileSource('json', 'profiles')\n"
    host = host_of(folders=(write_code(tmp_path / "astray", "acme-astray", source),))
    assert [origin for _, origin in host.profile_folders() if origin.distribution == "acme-astray"] == []
    assert state_of(host, "acme-astray").reason.startswith("There is no folder ")


def test_what_the_core_brings_is_called_like_anyone_elses(host_of: HostOf) -> None:
    assert host_of().call(Origin(level=Level.BUILT_IN), len, "three") == 5
