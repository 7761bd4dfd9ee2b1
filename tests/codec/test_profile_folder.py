"""Reading a folder: what is lost and what is kept, the compiled cache, and that a warm start is light."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chipdex.codec import cache as cache_module
from chipdex.codec import read_folder
from chipdex.codec.cache import Cache

Write = Callable[[str, str], Path]


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def cache_files(cache_dir: Path) -> list[Path]:
    return [path for path in cache_dir.rglob("*") if path.is_file()]


def test_a_root_that_does_not_exist_holds_nothing(root: Path, cache_dir: Path) -> None:
    contents = read_folder(root, cache_dir=cache_dir)
    assert (contents.records, contents.problems, contents.warnings) == ((), (), ())
    assert not cache_dir.exists()


def test_every_folder_of_profiles_is_read(write: Write, root: Path, device_text: str, offers_text: str) -> None:
    write("devices/acme/x100.toml", device_text)
    write("offers/acme.toml", offers_text)
    write("notes/other.toml", "not = 'ours'")
    contents = read_folder(root, cache_dir=None)
    assert [(plain.folder, plain.id) for plain in contents.records] == [
        ("devices", "acme/x100"),
        ("offers", "acme-cloud/x100.8/eu-west-1/on-demand/acme/x100"),
        ("offers", "acme-cloud/x100.8/eu-west-1/spot/acme/x100"),
    ]
    assert contents.problems == ()


def test_a_bad_file_loses_only_its_own_records(write: Write, root: Path, device_text: str, cache_dir: Path) -> None:
    write("devices/acme/x100.toml", device_text)
    bad = write("devices/acme/x101.toml", device_text)
    for _ in ("cold", "warm"):
        contents = read_folder(root, cache_dir=cache_dir)
        assert [plain.id for plain in contents.records] == ["acme/x100"]
        assert [(problem.file, problem.key) for problem in contents.problems] == [(str(bad), "id")]


def test_hidden_files_and_those_of_other_kinds_are_left_alone(write: Write, root: Path) -> None:
    write("devices/acme/.#x100.toml", "half a file")
    write("devices/acme/README.md", "# Acme")
    write("devices/.git/x.toml", "half a file")
    assert read_folder(root, cache_dir=None).problems == ()


def test_a_folder_whose_name_is_nearly_right_is_reported(write: Write, root: Path, device_text: str) -> None:
    write("device/acme/x100.toml", device_text)
    (problem,) = read_folder(root, cache_dir=None).problems
    assert (problem.file, problem.fix) == (str(root / "device"), "Rename it to devices.")


def test_a_device_outside_its_vendors_folder_is_a_problem(write: Write, root: Path, device_text: str) -> None:
    write("devices/x100.toml", device_text)
    contents = read_folder(root, cache_dir=None)
    assert contents.records == ()
    assert 'the file\'s path says "x100"' in contents.problems[0].message


def test_two_files_with_one_row_id_are_a_problem_that_names_both(write: Write, root: Path, offers_text: str) -> None:
    first = write("offers/a.toml", offers_text)
    second = write("offers/b.toml", offers_text.replace('"spot"', '"owned"'))
    contents = read_folder(root, cache_dir=None)
    assert len(contents.records) == 3
    assert [(problem.file, str(first) in problem.message) for problem in contents.problems] == [(str(second), True)]


def test_a_folder_that_cannot_be_listed_is_one_problem(
    write: Write, root: Path, device_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("devices/acme/x100.toml", device_text)
    write("devices/zeta/x100.toml", device_text.replace("acme/", "zeta/"))
    listed = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("acme"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    contents = read_folder(root, cache_dir=None)
    assert [plain.id for plain in contents.records] == ["zeta/x100"]
    (problem,) = contents.problems
    assert problem.file == str(root / "devices" / "acme")
    assert "Permission denied" in problem.message


def test_a_root_that_is_a_file_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("")
    (problem,) = read_folder(tmp_path / "profiles", cache_dir=None).problems
    assert "Not a directory" in problem.message


def test_a_link_that_leads_back_is_a_problem_not_a_loop(write: Write, root: Path, device_text: str) -> None:
    write("devices/acme/x100.toml", device_text)
    (root / "devices" / "acme" / "again").symlink_to(root / "devices")
    contents = read_folder(root, cache_dir=None)
    assert [plain.id for plain in contents.records] == ["acme/x100"]
    assert any("nested too deeply" in problem.message for problem in contents.problems)


def test_a_link_that_leads_nowhere_is_a_problem(write: Write, root: Path, device_text: str) -> None:
    write("devices/acme/x100.toml", device_text)
    (root / "devices" / "acme" / "gone.toml").symlink_to(root / "nowhere")
    contents = read_folder(root, cache_dir=None)
    assert len(contents.records) == 1
    assert "No such file" in contents.problems[0].message


def test_a_warm_start_gives_what_the_cold_one_gave(
    write: Write, root: Path, cache_dir: Path, device_text: str, offers_text: str
) -> None:
    write("devices/acme/x100.toml", device_text)
    write("offers/acme.toml", offers_text)
    cold = read_folder(root, cache_dir=cache_dir)
    assert len(cache_files(cache_dir)) == 1
    warm = read_folder(root, cache_dir=cache_dir)
    assert warm == cold == read_folder(root, cache_dir=None)
    assert [plain.names for plain in warm.records] == [("Acme X100", "ACME X100 96GB"), (), ()]


def test_a_warm_start_parses_nothing(
    write: Write, root: Path, cache_dir: Path, device_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("devices/acme/x100.toml", device_text)
    read_folder(root, cache_dir=cache_dir)
    monkeypatch.setattr(Cache, "store", None)
    monkeypatch.setattr("chipdex.codec.compiling.compile_listing", None)
    assert len(read_folder(root, cache_dir=cache_dir).records) == 1


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename"])
def test_a_change_of_any_file_is_seen(write: Write, root: Path, cache_dir: Path, device_text: str, change: str) -> None:
    path = write("devices/acme/x100.toml", device_text)
    read_folder(root, cache_dir=cache_dir)
    if change == "edit":
        path.write_text(device_text.replace("Acme X100", "Acme X999"))
    elif change == "add":
        write("devices/acme/x200.toml", device_text.replace("acme/x100", "acme/x200"))
    elif change == "remove":
        path.unlink()
    else:
        path.rename(path.with_name("x300.toml"))
    assert read_folder(root, cache_dir=cache_dir) == read_folder(root, cache_dir=None)


def test_a_change_of_the_code_is_seen(
    write: Write, root: Path, cache_dir: Path, device_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("devices/acme/x100.toml", device_text)
    before = path.stat()
    read_folder(root, cache_dir=cache_dir)
    path.write_text(device_text.replace("Acme X100", "Acme X999"))
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert read_folder(root, cache_dir=cache_dir).records[0].data["name"] == "Acme X100"
    monkeypatch.setattr(cache_module, "code_stamp", lambda: "another version")
    assert read_folder(root, cache_dir=cache_dir).records[0].data["name"] == "Acme X999"


def test_the_stamp_of_the_code_covers_the_codec_and_the_domain() -> None:
    assert {"strict.py:", "accelerator.py:", "units.py:", "ids.py:"} <= {
        f"{part.split(':')[0]}:" for part in cache_module.code_stamp().split()
    }


def test_a_file_written_a_moment_ago_is_not_cached_yet(
    write: Write, root: Path, cache_dir: Path, device_text: str
) -> None:
    path = write("devices/acme/x100.toml", device_text)
    os.utime(path)
    read_folder(root, cache_dir=cache_dir)
    assert cache_files(cache_dir) == []


def test_a_file_that_could_not_be_read_is_tried_again(
    write: Write, root: Path, cache_dir: Path, device_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("devices/acme/x100.toml", device_text)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", _refuse)
        assert len(read_folder(root, cache_dir=cache_dir).problems) == 1
    assert len(read_folder(root, cache_dir=cache_dir).records) == 1


def _refuse(_: Path) -> bytes:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "replaced"])
def test_a_damaged_cache_is_replaced_without_a_word(
    write: Write, root: Path, cache_dir: Path, device_text: str, damage: str
) -> None:
    write("devices/acme/x100.toml", device_text)
    good = read_folder(root, cache_dir=cache_dir)
    (file,) = cache_files(cache_dir)
    content = file.read_bytes()
    damaged = {
        "cut": content[:-5],
        "flipped": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        "emptied": b"",
        "replaced": b"chipdex-profiles 1 00000000\n[]\n",
    }[damage]
    file.write_bytes(damaged)
    assert read_folder(root, cache_dir=cache_dir) == good
    assert file.read_bytes() == content


def test_a_cache_that_cannot_be_written_is_one_warning(
    write: Write, root: Path, tmp_path: Path, device_text: str
) -> None:
    write("devices/acme/x100.toml", device_text)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    contents = read_folder(root, cache_dir=tmp_path / "blocked")
    assert len(contents.records) == 1
    assert contents.problems == ()
    (warning,) = contents.warnings
    assert "cannot be written" in warning
    assert "CHIPDEX_CACHE_DIR" in warning


def test_a_full_disk_is_one_warning_and_leaves_nothing_behind(
    write: Write, root: Path, cache_dir: Path, device_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("devices/acme/x100.toml", device_text)

    def fill(path: Path, content: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    contents = read_folder(root, cache_dir=cache_dir)
    assert len(contents.records) == 1
    assert "No space left on device" in contents.warnings[0]
    assert cache_files(cache_dir) == []


def test_two_roots_share_a_cache_folder(write: Write, root: Path, cache_dir: Path, device_text: str) -> None:
    write("a/profiles/devices/acme/x100.toml", device_text)
    write("b/profiles/devices/acme/x100.toml", device_text.replace("Acme X100", "Another"))
    for _ in ("cold", "warm"):
        names = [read_folder(root / top / "profiles", cache_dir=cache_dir).records[0].names[0] for top in "ab"]
        assert names == ["Acme X100", "Another"]
    assert len(cache_files(cache_dir)) == 2


def test_readers_at_once_all_get_whole_records(write: Write, root: Path, cache_dir: Path, device_text: str) -> None:
    for number in range(20):
        write(f"devices/acme/x{number}.toml", device_text.replace("acme/x100", f"acme/x{number}"))
    with ThreadPoolExecutor(8) as pool:
        readings = list(pool.map(lambda _: read_folder(root, cache_dir=cache_dir), range(16)))
    assert all(len(contents.records) == 20 and not contents.warnings for contents in readings)
    assert all(contents == readings[0] for contents in readings)
    assert len(cache_files(cache_dir)) == 1


def test_a_warm_start_imports_neither_a_parser_nor_cattrs(
    write: Write, root: Path, cache_dir: Path, device_text: str
) -> None:
    write("devices/acme/x100.toml", device_text)
    read_folder(root, cache_dir=cache_dir)
    code = (
        "import sys, json; from chipdex.codec import read_folder, structure;"
        "contents = read_folder(sys.argv[1], cache_dir=sys.argv[2]); contents.records[0].data;"
        "print(json.dumps([len(contents.records), sorted({'cattrs', 'tomllib', 'hashlib', 'tomli_w'} & {*sys.modules})]))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, str(root), str(cache_dir)], check=True, capture_output=True, text=True
    ).stdout
    assert json.loads(output) == [1, []]
