"""The contract of a plugin: one test method for each thing that its users rely on.

A failure is a list of sentences, each of which names the file or the record, the key, and what would be right.
"""

import inspect
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from chipdex.codec import FOLDERS
from chipdex.domain import Accelerator, Model, Record
from chipdex.errors import PluginError
from chipdex.testing import code, devices, figures, linting, names, packaging
from chipdex.testing.plugin import InstalledPlugin, installed

_SHOWN: Final = 40
_OF_PLUGINS: Final = ("plugin", "profile", "conflict")


class PluginContract:
    """Derive from it, name the package, and say what is particular to the plugin; pytest does the rest.

    `package` is all that has to be given. The other attributes say more, and each is tested where it is given.
    """

    package: ClassVar[str] = ""
    """The package that the plugin's entry points name."""
    distribution: ClassVar[str] = ""
    """The distribution, where several bring the package."""
    changelog: ClassVar[str | None] = "CHANGELOG.md"
    """The changelog, in the folder of the README; None where the plugin keeps none."""
    peers: ClassVar[Collection[str]] = ()
    """Distributions with whose devices the plugin's are compared; without any, that is left to `chipdex lint`."""
    required: ClassVar[Collection[str]] = ()
    """Ids of devices, models and workloads that the plugin brings at least."""
    least: ClassVar[Mapping[str, int]] = {}
    """How many records there are at least: of a kind of device ("gpu"), or in a folder ("models", "offers")."""
    names: ClassVar[Sequence[tuple[str, str]]] = ()
    """What drivers, clouds and people call a device or a model, and the id that it means."""
    ambiguous: ClassVar[Sequence[str]] = ()
    """Names that must list several devices or models, because they do not say which."""
    spot_figures: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Figures that somebody read in their sources by hand: id, key path, value."""
    announced: ClassVar[Collection[str]] = ()
    """Ids of devices that cannot be had yet."""
    retired: ClassVar[Collection[str]] = ()
    """Ids of devices that cannot be had any more."""
    without_peak: ClassVar[Collection[str] | None] = None
    """Ids, or patterns of them, whose peaks nobody has published: every other device must have a dense one."""
    most_of_wider: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    """Where a dense peak may be more than 2.1 times that of the wider format: pattern of ids, peak, times."""
    tdp_range_w: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """The least and the most that one device draws: pattern of ids, watts; the last pattern that fits counts."""
    fastest_links: ClassVar[Mapping[str, float]] = {}
    """The fastest link of each kind ("host", "scale_up", "scale_out") per direction, in GB/s."""

    @property
    def plugin(self) -> InstalledPlugin:
        """The plugin as it is installed; a test that needs it fails with the reason where it is not."""
        try:
            return installed(self.package, self.distribution)
        except PluginError as error:
            pytest.fail(str(error), pytrace=False)

    @property
    def devices(self) -> Mapping[str, Accelerator]:
        """The plugin's devices by id."""
        return self.plugin.devices

    @property
    def models(self) -> Mapping[str, Model]:
        """The plugin's models by id."""
        return self.plugin.models

    @property
    def records(self) -> Mapping[str, Record]:
        """The plugin's devices, models and workloads by id."""
        return self.plugin.records

    @property
    def project(self) -> Path:
        """The folder of the plugin's README, above the test module."""
        above = Path(inspect.getfile(type(self))).resolve().parents
        return next((folder for folder in above if (folder / "README.md").is_file()), above[min(1, len(above) - 1)])

    # How it is packaged

    def test_metadata_is_complete(self) -> None:
        """An index and an installer find a version, a summary, a description and the Pythons that were tried."""
        hold(packaging.metadata_faults(self.plugin))

    def test_the_range_of_chipdex_is_stated(self) -> None:
        """The distribution requires chipdex from one version to below another, and this chipdex is within."""
        hold(packaging.requirement_faults(self.plugin))

    def test_entry_points_name_the_package(self) -> None:
        """Each entry point leads into the tested package, which is installed once."""
        hold(packaging.entry_point_faults(self.plugin))

    def test_readme_and_changelog_speak_of_this_version(self) -> None:
        """The README names the distribution, and the changelog has a heading for the version."""
        hold(packaging.document_faults(self.plugin, self.project, self.changelog))

    def test_the_bundle_reads_back_equal(self) -> None:
        """The bundle of the wheel, or the one that the build hook would write, holds what the files say."""
        hold(packaging.bundle_faults(self.plugin, self.project))

    # What it executes

    def test_a_data_plugin_executes_nothing(self) -> None:
        """A plugin without hooks holds no code."""
        hold(() if self.plugin.is_code else code.executing(self.plugin.folder))

    def test_it_is_read_without_being_imported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The package's folder, and what a data plugin holds, are found while nothing of it is imported."""
        for module in [name for name in sys.modules if name.split(".")[0] == self.package]:
            monkeypatch.delitem(sys.modules, module)
        afresh = InstalledPlugin(self.package, self.plugin.infos)
        folder, read = afresh.folder, 0 if afresh.is_code else len(afresh.records)
        imported = [name for name in sys.modules if name.split(".")[0] == self.package]
        hold(f"{module} is imported by reading {read} records of {folder}." for module in imported)

    def test_code_uses_the_published_api_only(self) -> None:
        """The package imports chipdex.api and nothing else of chipdex."""
        hold(code.private_imports(self.plugin.folder))

    def test_hooks_are_sound(self) -> None:
        """Every hook has a name that exists, raises nothing, and yields records of its type."""
        hold(code.hook_faults(self.plugin))

    def test_records_made_by_code_lint_clean(self, tmp_path: Path) -> None:
        """A record that a hook yields would be a clean profile: every figure has a source, and no rule objects."""
        hold(linting.made_by_code(self.plugin, tmp_path))

    def test_loading_touches_no_network(self) -> None:
        """Importing the plugin and asking its hooks opens no connection; fetching prices is asked for apart."""
        hold(code.touching_the_network(self.plugin) if self.plugin.is_code else ())

    # What it brings

    def test_the_registry_takes_all_of_it(self) -> None:
        """The plugin brings something, and a registry of it alone has nothing to warn of."""
        registry, host = self.plugin.registry, self.plugin.host
        brought = (*self.records, *registry.offers, *registry.measurements, *registry.grids, *registry.facts)
        own = (*host.pricing_sources(), *host.commands(), *host.estimators(), *host.lint_rules())
        mine = [one for one, origin in own if origin.distribution == self.plugin.distribution]
        if not brought and not mine:
            hold([f"{self.plugin.distribution} brings nothing: there is no profile below {self.plugin.folder}."])
        hold(warning.sentence for warning in registry.warnings if warning.code in _OF_PLUGINS)

    def test_profiles_read_and_have_sources(self) -> None:
        """Every file is of the schema, and every figure in it names a source."""
        hold(linting.schema_problems(self.plugin))

    def test_profiles_are_plausible(self) -> None:
        """No lint rule, of the core or of the plugin, finds anything; rules that compare are asked about `peers`."""
        hold(linting.implausible(self.plugin, self.peers))

    def test_ids_are_paths(self) -> None:
        """A profile's id is its path below its folder."""
        hold(linting.misplaced(self.plugin.documents))

    def test_required_records_are_there(self) -> None:
        """What `required` lists is brought."""
        hold(f"{wanted} is required, and is not there." for wanted in self.required if wanted not in self.records)

    def test_there_are_enough_records(self) -> None:
        """Of each kind or folder in `least`, there are at least as many records."""
        registry = self.plugin.registry
        found = Counter(str(device.kind) for device in self.devices.values())
        for folder, brought in zip(FOLDERS, (self.devices, self.models, registry.workloads), strict=False):
            found[folder] = len(brought)
        found |= {"measurements": len(registry.measurements), "offers": len(registry.offers)}
        found |= {"grids": len(registry.grids), "facts": len(registry.facts)}
        hold(f"{found[of]} {of} are fewer than {least}." for of, least in self.least.items() if found[of] < least)

    # Where its figures come from

    def test_figures_name_sources_that_exist(self) -> None:
        """The provenance of every figure leads to a source of its record."""
        hold(figures.provenance_faults(self.records.values()))

    def test_sources_can_be_opened(self) -> None:
        """Every source has a title and a web address, or a rule and what it rests on, down to an address."""
        hold(figures.source_faults(self.records.values()))

    def test_no_source_is_unused(self) -> None:
        """Each source of a file is one that a figure of the file rests on."""
        hold(figures.unused_sources(self.plugin))

    def test_disputes_are_of_other_values(self) -> None:
        """A disputed figure is one that the record has, with another value and a source."""
        hold(figures.dispute_faults(self.records.values()))

    def test_spot_figures_are_those_of_the_sources(self) -> None:
        """The figures in `spot_figures` are what the records say."""
        hold(figures.differing_figures(self.records, self.spot_figures))

    # What its devices are

    def test_every_device_has_a_figure(self) -> None:
        """A device is more than its name: something says how much it holds or how fast it is."""
        hold(devices.figureless(self.devices.values()))

    def test_peaks_are_there(self) -> None:
        """Where `without_peak` is given, every other device has a dense peak."""
        hold(() if self.without_peak is None else devices.peakless(self.devices.values(), self.without_peak))

    def test_peaks_are_dense(self) -> None:
        """No dense peak is so far above that of the wider format that it must be sparse, but for `most_of_wider`."""
        hold(devices.sparse_peaks(self.devices.values(), self.most_of_wider))

    def test_links_are_of_one_direction(self) -> None:
        """No link is faster than the fastest of its kind in `fastest_links`."""
        hold(devices.link_faults(self.devices.values(), self.fastest_links))

    def test_memory_fits_together(self) -> None:
        """Usable memory is near the printed one, partitions fit, and a chip without memory says where it holds data."""
        hold(devices.memory_faults(self.devices.values()))

    def test_power_is_of_one_device(self) -> None:
        """The TDP is within `tdp_range_w`, idle power below it, and no power mode above the device's most."""
        hold(devices.power_faults(self.devices.values(), self.tdp_range_w))

    def test_announced_and_retired_devices_are_marked(self) -> None:
        """The devices in `announced` and `retired` have that status."""
        hold(names.of_status(self.devices, self.announced, "announced"))
        hold(names.of_status(self.devices, self.retired, "retired"))

    # What it is called

    def test_names_lead_to_what_was_meant(self) -> None:
        """Every name in `names` means its id, and nothing else."""
        registry = self.plugin.registry
        hold(sentence for name, meant in self.names for sentence in names.unresolved(registry, name, meant))

    def test_ambiguous_names_list_what_they_may_mean(self) -> None:
        """Every name in `ambiguous` lists several devices or models."""
        hold(sentence for name in self.ambiguous for sentence in names.unambiguous(self.plugin.registry, name))

    def test_no_name_is_given_twice(self) -> None:
        """No two devices, models or workloads of the plugin share a name or an alias."""
        hold(names.name_clashes((self.devices, self.models, self.plugin.registry.workloads)))


def hold(sentences: Iterable[str]) -> None:
    """Fail the test with the sentences, where there are any."""
    found = list(dict.fromkeys(sentences))
    if found:
        more = [f"... and {len(found) - _SHOWN} more."] if len(found) > _SHOWN else []
        pytest.fail("\n".join([*found[:_SHOWN], *more]), pytrace=False)
