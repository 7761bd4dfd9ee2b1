"""The core's own implementations, registered through the same hooks as a stranger's."""

from collections.abc import Iterable

from chipdex.hooks.locate import package_folder
from chipdex.hooks.records import ProfileSource
from chipdex.hooks.specs import hookimpl


class DataPlugin:
    """The core's implementation on behalf of one data plugin: it yields the plugin's folder and executes nothing."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.folder = package_folder(package)

    @hookimpl
    def chipdex_profile_sources(self) -> Iterable[ProfileSource]:
        """Yield the package's own folder."""
        yield ProfileSource(package=self.package, folder=str(self.folder))
