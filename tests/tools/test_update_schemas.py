"""The committed schemas are those of the types, and the generators name every generated file."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

import generate  # noqa: E402 - tools/ is no package of the project
import update_schemas  # noqa: E402


@pytest.mark.parametrize("file", update_schemas.schemas(), ids=lambda file: file.name)
def test_a_committed_schema_is_up_to_date(file: Path) -> None:
    command = "`python tools/update_schemas.py` writes it"
    assert file.read_text(encoding="utf-8") == update_schemas.schemas()[file], command


def test_there_is_no_schema_of_this_version_that_nothing_writes() -> None:
    version = next(iter(update_schemas.schemas())).parent
    assert set(version.iterdir()) == set(update_schemas.schemas())


def test_a_schema_says_that_it_is_generated() -> None:
    assert all("do not edit" in text for text in update_schemas.schemas().values())


def test_a_schema_that_is_out_of_date_is_found_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(update_schemas, "REPOSITORY", tmp_path)
    monkeypatch.setattr(update_schemas, "SCHEMAS", tmp_path / "docs" / "schemas")
    monkeypatch.setattr(sys, "argv", ["update_schemas.py", "--check"])
    assert update_schemas.main() == 1
    assert "docs/schemas/1/grids.json is not up to date" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["update_schemas.py"])
    assert update_schemas.main() == 0
    monkeypatch.setattr(sys, "argv", ["update_schemas.py", "--check"])
    assert update_schemas.main() == 0


def test_every_generated_file_exists_and_is_documented() -> None:
    page = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for generator in (generate.MEASUREMENTS, *generate.GENERATORS):
        for file in generator.files.split(", "):
            assert (REPOSITORY / file).exists(), file
        assert f"`{generator.name}`" in page
        script = generator.arguments[0]
        assert script == "-c" or (REPOSITORY / script).is_file()


def test_one_command_checks_a_generated_file() -> None:
    command = [sys.executable, "tools/generate.py", "--check", "--only", "schemas"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "schemas: docs/schemas/\nThe schemas are up to date.\n")


@pytest.mark.parametrize(
    "generator", [one for one in generate.GENERATORS if one.reads], ids=lambda generator: generator.name
)
def test_what_takes_minutes_to_write_was_written_from_what_is_here(generator: generate.Generator) -> None:
    command = f"`python tools/generate.py --only {generator.name}` writes it"
    assert generate.is_up_to_date(generator), command


def test_a_record_that_changes_makes_what_follows_from_it_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, code, written = tmp_path / "a.toml", tmp_path / "b.py", tmp_path / "out.txt"
    for file, text in ((record, "x = 1"), (code, "def f():\n    return 1\n"), (written, "out")):
        file.write_text(text)
    monkeypatch.setattr(generate, "REPOSITORY", tmp_path)
    monkeypatch.setattr(generate, "STAMPS", tmp_path / "generated.toml")
    generator = generate.Generator("out", "out.txt", (), reads=("a.toml", "*.py"))
    assert not generate.is_up_to_date(generator)
    generate._stamp(generator)
    assert generate.is_up_to_date(generator)
    code.write_text('def f():\n    """Say why."""\n    return 1  # a comment\n')
    assert generate.is_up_to_date(generator)
    for file, text in ((record, "x = 2"), (code, "def f():\n    return 2\n"), (written, "edited")):
        kept = file.read_text()
        file.write_text(text)
        assert not generate.is_up_to_date(generator)
        file.write_text(kept)
    assert generate.is_up_to_date(generator)
