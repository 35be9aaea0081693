"""What an owner installs is complete: every module, every plain file, and the command."""

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
NAME = "dolibarr_loyalty"
PLAIN_FOLDERS = ("lang", "sql", "templates")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel, built from a copy so that the checkout stays as it is."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    tracked = [ROOT / name for name in ("setup.cfg", "pyproject.toml", "README.md") if (ROOT / name).exists()]
    tracked += [file for folder in (NAME, *PLAIN_FOLDERS) for file in plain_files(ROOT / folder)]
    for file in tracked:
        copy = source / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(target),
        str(source),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ZipFile(next(target.glob("*.whl")))


def plain_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def test_the_wheel_has_every_file_of_the_package(wheel: ZipFile) -> None:
    wanted = {file.relative_to(ROOT).as_posix() for file in plain_files(ROOT / NAME)}
    assert not wanted - set(wheel.namelist())


@pytest.mark.parametrize("folder", PLAIN_FOLDERS)
def test_the_wheel_has_every_plain_file(wheel: ZipFile, folder: str) -> None:
    wanted = {f"{NAME}/{file.relative_to(ROOT).as_posix()}" for file in plain_files(ROOT / folder)}
    assert wanted
    assert not wanted - set(wheel.namelist())


def test_the_wheel_has_nothing_else(wheel: ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {NAME}


def test_the_wheel_installs_the_command(wheel: ZipFile) -> None:
    entry_points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert f"dolibarr-loyalty = {NAME}.cli:main" in wheel.read(entry_points).decode()


def test_setup_cfg_lists_every_package() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(setup["options"]["packages"].split())
    found = {".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / NAME).rglob("__init__.py")} | {
        f"{NAME}.{folder}" for folder in PLAIN_FOLDERS
    }
    assert listed == found
