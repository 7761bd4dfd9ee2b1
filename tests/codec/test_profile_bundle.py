"""The bundle that a wheel ships: written by the build hook, read instead of the TOML files beside it."""

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from chipdex.codec import BUNDLE, read_folder, read_profiles, read_rows
from chipdex.codec.listing import ROWS_BUNDLE

REPOSITORY = Path(__file__).parents[2]
HOOKS = [REPOSITORY / "profiles" / "hatch_build.py", *sorted(REPOSITORY.glob("plugins/*/hatch_build.py"))]

Write = Callable[[str, str], Path]


def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", HOOKS[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bundle(write: Write, root: Path, device_text: str, offers_text: str) -> Path:
    write("devices/acme/x100.toml", device_text)
    write("offers/acme.toml", offers_text)
    return write(BUNDLE, hook().bundles_of(root)[BUNDLE])


def test_every_plugin_has_the_same_build_hook() -> None:
    assert len(HOOKS) > 1
    assert {path.read_text(encoding="utf-8") for path in HOOKS} == {HOOKS[0].read_text(encoding="utf-8")}


def test_the_hook_and_the_codec_agree_on_the_bundles_name() -> None:
    assert hook().BUNDLE == BUNDLE
    assert hook().ROWS_BUNDLE == ROWS_BUNDLE


def test_a_bundle_gives_what_its_files_give(bundle: Path, root: Path) -> None:
    from_bundle = read_folder(root, cache_dir=None)
    bundle.unlink()
    assert from_bundle == read_folder(root, cache_dir=None)
    assert from_bundle.records[0].data["released"] == "2026-03-01"


def test_a_bundle_is_read_without_the_files_beside_it(bundle: Path, root: Path, tmp_path: Path) -> None:
    (root / "devices" / "acme" / "x100.toml").unlink()
    for _ in ("cold", "warm"):
        contents = read_folder(root, cache_dir=tmp_path / "cache")
        assert contents.records[0].id == "acme/x100"
        assert contents.problems == ()
    assert bundle.exists()


def test_a_moment_survives_the_bundle(write: Write, root: Path, offers_text: str) -> None:
    write("offers/acme.toml", offers_text.replace("count = 8", "count = 8\nfetched_at = 2026-11-01T10:00:00Z"))
    write(BUNDLE, hook().bundles_of(root)[BUNDLE])
    contents = read_folder(root, cache_dir=None)
    assert contents.problems == ()
    assert contents.records[0].data["fetched_at"] == "2026-11-01T10:00:00+00:00"


def test_faults_in_a_bundle_are_reported_and_lose_only_their_file(write: Write, root: Path, device_text: str) -> None:
    write("devices/acme/x100.toml", device_text)
    write("devices/acme/x101.toml", device_text)
    write(BUNDLE, hook().bundles_of(root)[BUNDLE])
    contents = read_folder(root, cache_dir=None)
    assert [plain.id for plain in contents.records] == ["acme/x100"]
    assert [problem.file for problem in contents.problems] == [str(root / "devices" / "acme" / "x101.toml")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"capacity_gb":96', '"capacity_gb":69', "differs from its digest"),
        ('{"bundle":1', '{"bundle":2', "is not a bundle of this format"),
        ('"files":', '"files"', "is not a bundle of this format"),
    ],
)
def test_a_bundle_that_cannot_be_trusted_is_not_read(bundle: Path, root: Path, old: str, new: str, said: str) -> None:
    text = bundle.read_text(encoding="utf-8")
    assert old in text
    bundle.write_text(text.replace(old, new), encoding="utf-8")
    contents = read_folder(root, cache_dir=None)
    assert contents.records[0].data["memory"]["capacity_gb"] == 96
    (problem,) = contents.problems
    assert problem.file == str(bundle)
    assert said in problem.message
    assert "the TOML files beside it are read instead" in problem.message


@pytest.mark.parametrize(
    "files", ["[]", '{"devices/a/b.toml":5}', '{"devices/a/b.toml":{"released":{"$date":5}}}', "{"]
)
def test_a_bundle_with_a_right_digest_may_still_hold_nonsense(write: Write, root: Path, files: str) -> None:
    digest = hook().hashlib.sha256(files.encode()).hexdigest()
    write(BUNDLE, f'{{"bundle":1,"digest":"{digest}","files":{files}}}')
    (problem,) = read_folder(root, cache_dir=None).problems
    assert "holds something that is not a profile" in problem.message


def test_a_bundle_without_read_permission_is_one_problem(
    bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def refuse(path: Path, *arguments: str, **options: str) -> object:
        if path == bundle:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    contents = read_folder(root, cache_dir=None)
    assert len(contents.records) == 3
    assert [problem.file for problem in contents.problems] == [str(bundle)]


def test_a_bundle_of_the_same_size_and_date_but_another_digest_is_read_again(
    bundle: Path, root: Path, write: Write, device_text: str, tmp_path: Path
) -> None:
    assert read_folder(root, cache_dir=tmp_path / "cache").records[0].data["power"]["tdp_w"] == 700
    before = bundle.stat()
    write("devices/acme/x100.toml", device_text.replace("700", "650"))
    write(BUNDLE, hook().bundles_of(root)[BUNDLE])
    os.utime(bundle, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert bundle.stat().st_size == before.st_size
    assert read_folder(root, cache_dir=tmp_path / "cache").records[0].data["power"]["tdp_w"] == 650


def test_the_build_names_the_file_that_is_not_toml(write: Write, root: Path) -> None:
    path = write("devices/acme/x100.toml", "a = ")
    with pytest.raises(SystemExit, match=str(path)):
        hook().bundles_of(root)


def test_the_same_profiles_make_the_same_bundle(bundle: Path, root: Path) -> None:
    text = bundle.read_text(encoding="utf-8")
    bundle.unlink()
    assert hook().bundles_of(root)[BUNDLE] == text
    assert list(json.loads(text)) == ["bundle", "digest", "files"]


def test_measurements_have_a_bundle_of_their_own(write: Write, root: Path, device_text: str, rows_text: str) -> None:
    write("devices/acme/x100.toml", device_text)
    write("measurements/sweep.toml", rows_text)
    from_files = read_rows(root, cache_dir=None)
    bundles = hook().bundles_of(root)
    assert set(bundles) == {BUNDLE, ROWS_BUNDLE}
    assert "measurements/" not in bundles[BUNDLE]
    for name, text in bundles.items():
        write(name, text)
    (root / "measurements" / "sweep.toml").unlink()
    (root / "devices" / "acme" / "x100.toml").unlink()
    bundled = read_rows(root, cache_dir=None)
    assert bundled.records == from_files.records
    assert bundled.digest == from_files.digest
    assert [plain.id for plain in read_profiles(root, cache_dir=None).records] == ["acme/x100"]
    assert len(read_folder(root, cache_dir=None).records) == 1 + len(from_files.records)


def test_a_package_without_measurements_has_one_bundle(write: Write, root: Path, device_text: str) -> None:
    write("devices/acme/x100.toml", device_text)
    assert set(hook().bundles_of(root)) == {BUNDLE}


def test_a_damaged_bundle_of_measurements_is_not_read(write: Write, root: Path, rows_text: str) -> None:
    write("measurements/sweep.toml", rows_text)
    whole = read_rows(root, cache_dir=None)
    write(ROWS_BUNDLE, hook().bundles_of(root)[ROWS_BUNDLE].replace("61.5", "615"))
    rows = read_rows(root, cache_dir=None)
    assert rows.records == whole.records
    assert rows.digest == whole.digest
    assert "differs from its digest" in rows.problems[0].message
