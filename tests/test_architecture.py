"""Who may import whom, as the contracts in setup.cfg and the table below say."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dolibarr_loyalty"
NAME = PACKAGE.name

# These wire the others, so they may import everything; nobody else may import them.
WIRING = {"app", "cli", "demo"}

# What a room may import of ours besides itself, and of others.
OURS: dict[str, set[str]] = {
    "core": set(),
    "sandbox": set(),
    "store": {"core", "errors", "resources"},
    "connectors": {"core", "errors"},
    "flows": {"core", "store", "errors", "connectors.protocol", "messages", "locales", "signing"},
    "reports": {"core", "store", "errors"},
    "messages": {"core", "errors", "locales", "resources", "connectors.protocol"},
    "locales": {"resources"},
    "resources": set(),
    "errors": set(),
    "signing": {"errors"},
}
OTHERS: dict[str, set[str]] = {
    "core": {"dateutil"},
    "errors": set(),
    "resources": set(),
    "flows": {"dateutil"},
    "signing": {"cryptography"},
}


def modules(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


def imports(module: Path) -> Iterator[str]:
    """The full names that a module imports; relative ones resolved."""
    package = (NAME, *module.relative_to(PACKAGE).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join((*base, *((node.module,) if node.module else ())))
            if source in (NAME, f"{NAME}.connectors"):
                yield from (f"{source}.{alias.name}" for alias in node.names)
            else:
                yield source


def room_of(name: str) -> str:
    """The part of a name of ours that the table speaks of."""
    parts = name.split(".")[1:]
    return ".".join(parts[:2]) if parts[0] == "connectors" else parts[0]


@pytest.mark.parametrize("room", sorted(OURS))
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    allowed = OURS[room] | {room}
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(room)
        for name in imports(module)
        if name.startswith(f"{NAME}.") and not {room_of(name), room_of(name).partition(".")[0]} & allowed
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", sorted(OTHERS))
def test_a_pure_room_imports_only_the_libraries_it_may(room: str) -> None:
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(room)
        for name in imports(module)
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names
        and top not in OTHERS[room]
        and top != NAME
    ]
    assert not wrong, "\n".join(wrong)


def test_core_asks_for_no_clock_and_no_environment() -> None:
    forbidden = {"now", "today", "utcnow", "getenv", "environ", "open"}
    wrong = [
        f"{module.relative_to(ROOT)}:{node.lineno} uses {name}"
        for module in modules("core")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Attribute) and (name := _called(node)) in forbidden
    ]
    assert not wrong, "\n".join(wrong)


def _called(node: ast.Call | ast.Attribute) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    if isinstance(target, ast.Attribute):
        is_module = isinstance(target.value, ast.Name) and target.value.id in {
            "datetime",
            "date",
            "os",
            "time",
        }
        return target.attr if is_module else ""
    return target.id if isinstance(target, ast.Name) and target.id == "open" else ""


def test_every_import_contract_is_kept(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    ran = subprocess.run(
        [*command, "--cache-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_nobody_imports_the_wiring() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for room in rooms - WIRING - {"__main__", "__pycache__"}
        for module in modules(room)
        for name in imports(module)
        if name.startswith(f"{NAME}.") and room_of(name) in WIRING
    ]
    assert not wrong, "\n".join(wrong)


def test_every_room_has_a_contract() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    guarded = {
        source.split(".")[1]
        for name in setup.sections()
        if name.startswith("importlinter:contract:")
        for source in setup[name]["source_modules"].split()
    }
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file()}
    assert rooms - WIRING <= guarded
